"""What can go wrong before and while a charger is simulated."""


class SimulateError(Exception):
    """The charger cannot be started; the text says why and what to do."""


class CommandError(Exception):
    """The control port refused a command; the text is its answer."""
