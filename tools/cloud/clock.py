"""Where the service takes its time from: every time it puts into a message comes from here."""

import time
from collections.abc import Callable

Clock = Callable[[], int]


def wall() -> int:
    """Unix time now, in seconds."""
    return int(time.time())


def fixed(unix_s: int) -> Clock:
    """A clock that stands still, for replayed months."""
    return lambda: unix_s


class Following:
    """A clock for simulated chargers: the latest time that a charger has told, else the wall's.

    Never use it with real chargers: it believes what they say.
    """

    def __init__(self) -> None:
        self._latest: int | None = None

    def hear(self, unix_s: int | None) -> None:
        """Take a charger's word for the time."""
        if unix_s is not None and (self._latest is None or unix_s > self._latest):
            self._latest = unix_s

    def __call__(self) -> int:
        return wall() if self._latest is None else self._latest
