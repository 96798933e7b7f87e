"""The power-cut sweep: a life of the charger, cut at every program and erase of its flash.

    __main__.py  `python -m host_tests.sweep`, `make sweep`: runs worker.py, shows progress and table
    worker.py    lives the life once; at every flash operation it forks, and the child's power goes there
    life.py      what happens in that life, and how a charger that was cut lives on
    oracle.py    what must be true in the end, from the world and the service's records alone
    forks.py     fork and wait, on CPython and MicroPython

A fork is a snapshot of everything: flash, world, service and agent. So nothing is lived twice.
"""
