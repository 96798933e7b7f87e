"""How long to wait before the next attempt."""

import os


class Backoff:
    """Doubles from `least_ms` up to `most_ms`; each wait is drawn between half of that and all of
    it, so that chargers which lost the same broker do not come back together."""

    def __init__(self, least_ms, most_ms):
        self._least_ms = least_ms
        self._most_ms = most_ms
        self._span_ms = least_ms

    def reset(self):
        """The connection held: the next failure is a first one."""
        self._span_ms = self._least_ms

    def next_ms(self):
        """The wait after one more failure, ms."""
        span = self._span_ms
        self._span_ms = min(span * 2, self._most_ms)
        half = span // 2
        return half + half * int.from_bytes(os.urandom(2), "big") // 65535
