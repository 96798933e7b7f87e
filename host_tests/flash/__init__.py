"""The simulated flash, LittleFS on it under every interpreter, and what happens when the power goes.

volumes.py gives a (volume, flash) pair on CPython and MicroPython alike; wear.py measures what a
session costs in erases for each geometry.
"""
