"""What the drivers of reader chips have in common: one step at a time, and a silence that is told."""

from hal.elapsed import passed_ms
from hal.ports import CardReader

from .presence import Presence

LOST_MS = 60000  # silent for this long: the reader is not healthy
REFRESH_POLLS = 30  # the chip is configured again after this many polls, in case it forgot


class AttendedReader(CardReader):
    """A driver has _turn(), which may raise OSError, and _stumbled(), which then begins anew.

    reset: None or the pin that holds the chip still while it is low. reverse: UIDs are told last byte first.
    """

    def __init__(self, clock, reset, reverse):
        self.resets = 0
        self._clock = clock
        self._reset = reset
        self._reverse = reverse
        self._presence = Presence()
        self._polls = 0
        self._attempts = 0  # to wake a chip that fails, since it last did not
        self._told = None
        self._lost = False
        self._answered = self._since = clock.ticks_ms()
        self._pause_ms = 0
        self._step = ""

    def poll(self):
        told, self._told = self._told, None
        return told

    def healthy(self):
        return not self._lost

    def attend(self):
        try:
            self._turn()
        except OSError:
            self._stumbled()
        if passed_ms(self._clock, self._answered) >= LOST_MS:
            self._lost = True  # kept, for the clock's differences wrap

    # ---- for the drivers

    def _turn(self):
        raise NotImplementedError

    def _stumbled(self):
        raise NotImplementedError

    def _heard(self):
        """The chip has answered as it should."""
        self._answered = self._clock.ticks_ms()
        self._lost = False

    def _go(self, step, pause_ms=0):
        self._step = step
        self._since = self._clock.ticks_ms()
        self._pause_ms = pause_ms

    def _waited_ms(self):
        """Since the step began."""
        return passed_ms(self._clock, self._since)

    def _ordered(self, uid):
        """The UID as it is told."""
        return bytes(reversed(uid)) if self._reverse else uid
