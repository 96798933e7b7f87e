"""Refused cards, coalesced before they get a record number, so that nobody can fill the store with them.

The first refusal of a card by a rule is recorded at once while the hour's allowance lasts. The same
again only counts, and is told in one record when the window ends. More kinds than _KINDS are counted
together, without a card and without a rule.
"""

from .const import const

WINDOW_MS = const(3600000)
MOST_PER_WINDOW = const(4)  # told at once; with the tallies at its end, 8 records an hour
_KINDS = const(4)


class Budget:
    """At most so many records of a kind an hour: what flaps must not fill the store either."""

    def __init__(self, most=20):
        self._most = most
        self._left = most
        self._since_ms = 0

    def allows(self, up_ms):
        """Whether one more may be recorded now; counts it."""
        if up_ms - self._since_ms >= WINDOW_MS:
            self._since_ms = up_ms
            self._left = self._most
        self._left -= 1
        return self._left >= 0


class Refusals:
    """What is still to be told. `due_ms` is when the window ends, None while nothing is counted."""

    def __init__(self):
        self._counts = {}
        self._told = 0
        self.due_ms = None

    def note(self, up_ms, ref, rule):
        """Count one refusal. True when it is to be recorded now, with a count of 1."""
        if self.due_ms is None:
            self.due_ms = up_ms + WINDOW_MS
        key = (ref, rule)
        if key not in self._counts and len(self._counts) >= _KINDS:
            key = ("", "")
        if key not in self._counts:
            self._counts[key] = 0
            if self._told < MOST_PER_WINDOW:
                self._told += 1
                return True
        self._counts[key] += 1
        return False

    def close(self):
        """End the window: [(ref, rule, count)] of what was counted and not told."""
        told = [(ref, rule, n) for (ref, rule), n in self._counts.items() if n]
        self._counts = {}
        self._told = 0
        self.due_ms = None
        told.sort()
        return told
