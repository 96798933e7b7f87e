"""One charger on the desk: the firmware image booted by MicroPython on the `sim` board."""

from tools.simulate.client import Client, Simulator
from tools.simulate.errors import CommandError, SimulateError
from tools.simulate.launch import Launch, Options, free_port, prepare

__all__ = [
    "Client",
    "CommandError",
    "Launch",
    "Options",
    "SimulateError",
    "Simulator",
    "free_port",
    "prepare",
]
