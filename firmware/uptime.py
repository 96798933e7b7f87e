"""Milliseconds since the boot that never wrap, from ticks that do."""


class Uptime:
    """Extends `clock` (a `hal.ports.Clock`). Ask at least once in half a period (6.2 days)."""

    def __init__(self, clock):
        self._clock = clock
        self._ticks = clock.ticks_ms()
        self._up_ms = 0

    def now_ms(self):
        """Return the ms since this object was made; never less than the last time."""
        ticks = self._clock.ticks_ms()
        period = self._clock.period_ms
        passed = (ticks - self._ticks) % period
        if passed < period >> 1:
            self._ticks = ticks
            self._up_ms += passed
        return self._up_ms
