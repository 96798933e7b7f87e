"""Chips at the other end of the buses in hal/mock/buses.py: registers, frames, timing, faults."""
