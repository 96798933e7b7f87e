"""The charger on a desk: MicroPython on a computer, a simulated world, flash in a file."""
