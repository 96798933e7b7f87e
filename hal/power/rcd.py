"""The residual current device's input and its self test, on a board that has them.

The device opens the relay by itself, in hardware; what is here reads it, and makes it prove itself: a pulse of
250 ms at its test pin, tripped within 1 s, quiet again after 3 s. Only with nobody plugged in and the contactor
open; after each vehicle, and at least once a day.
"""

PULSE_MS = 250
SEEN_MS = 1000
QUIET_MS = 3000
EVERY_MS = 24 * 3600 * 1000


class RcdTest:
    """tripped_pin: 1 while tripped. test_pin: high for the test. None where the board has none.

    due: a test is wanted. bad: the last one failed. quiet_ms: until then it may be tripped by its test.
    """

    def __init__(self, tripped_pin, test_pin):
        self.due = test_pin is not None
        self.bad = False
        self.quiet_ms = 0
        self._tripped = tripped_pin
        self._test = test_pin
        self._seen = False
        self._last_ms = 0

    def tripped(self):
        """Whether it says so now."""
        return self._tripped is not None and bool(self._tripped.value())

    def is_due(self, now_ms):
        """Whether a test should be made when it can be."""
        return self._test is not None and (self.due or now_ms - self._last_ms >= EVERY_MS)

    def pulse(self, on, now_ms):
        """Begin a test, or see to it that none is on."""
        if self._test is not None:
            self._test.value(1 if on else 0)
        if on:
            self.quiet_ms = now_ms + QUIET_MS
        self._seen = False

    def go_on(self, passed_ms, now_ms):
        """A turn of the test, `passed_ms` after it began. True when it is over; `bad` says how."""
        if passed_ms >= PULSE_MS:
            self._test.value(0)
        self._seen = self._seen or self.tripped()
        if passed_ms < QUIET_MS and (self._seen or passed_ms <= SEEN_MS):
            return False
        self.bad = not self._seen or self.tripped()
        self.due = False
        self._last_ms = now_ms
        return True
