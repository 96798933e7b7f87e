"""A chip's counter that wraps: how many counts are certain.

An eight-bit checksum lets two errors pass that cancel each other, so one answer alone is not believed:
a value counts when the next answer follows from it, and the step from the last believed one is not
faster than the connection allows. A value that was read too low is made up for by the next, one that was
read too high is not followed by anything.
"""

LOST = -1
_SLACK_MS = 150  # between the chip's look at its counter and ours
_SURE = 3  # answers in a row that follow from each other, against what was believed before


class Counter:
    """modulus: of the counter. most_uj_ms: the most energy the connection carries in 1 ms, uJ (that is
    its power in mW). uj: energy of one count, uJ; may be set later. doubt_ms: of a chip whose new start
    shows nowhere else: after so long without an answer, a counter that stands lower than it did may have
    wrapped or begun again at 0. It is then given what both have in common. 0: the driver knows.
    """

    def __init__(self, modulus, most_uj_ms, uj=0, doubt_ms=0):
        self.uj = uj
        self.doubted = False  # the last take gave the least of two that could be
        self._doubt_ms = doubt_ms
        self._modulus = modulus
        self._most_uj_ms = most_uj_ms
        self._base = None
        self._base_ms = 0
        self._next = None
        self._next_ms = 0
        self._agreed = 0

    @property
    def based(self):
        """Whether it knows where the chip's counter stood."""
        return self._base is not None

    @property
    def agrees(self):
        """Whether the newest answer follows from the one before."""
        return self._agreed > 0

    def restarted(self):
        """The chip is known to have begun again at 0."""
        if self._base is not None:
            self._base = 0
        self._next = None
        self._agreed = 0

    def forget(self):
        """Nothing is known of the chip's counter any more: the next answers make a new base."""
        self._base = self._next = None
        self._agreed = 0

    def take(self, value, now_ms):
        """How many counts have become certain by the answer `value`: 0 and up.

        LOST when the counter is somewhere where it cannot have come in the time that passed, or could
        have come in more than one way; it goes on from there. now_ms: milliseconds, rising, no wrap.
        """
        self.doubted = False
        before, before_ms = self._next, self._next_ms
        self._next, self._next_ms = value, now_ms
        if before is None or not self._follows(before, value, now_ms - before_ms):
            self._agreed = 0
            return 0
        self._agreed += 1
        base, base_ms = self._base, self._base_ms
        if base is None:
            if self._agreed >= 2:
                self._base, self._base_ms = before, before_ms
            return 0
        if self._follows(base, before, before_ms - base_ms):
            self._base, self._base_ms = before, before_ms
            if before < base and self._doubt_ms and before_ms - base_ms > self._doubt_ms:
                if self._follows(0, before, before_ms - base_ms):
                    self.doubted = True
                    return before
            return (before - base) % self._modulus
        if self._agreed < _SURE:
            return 0
        self._base, self._base_ms = before, before_ms
        return LOST

    def _follows(self, value, later, passed_ms):
        most = (passed_ms + _SLACK_MS) * self._most_uj_ms // self.uj + 2
        return most < self._modulus and (later - value) % self._modulus <= most
