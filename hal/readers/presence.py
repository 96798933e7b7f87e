"""A card that stays is told once."""

ABSENT_SCANS = 5  # a card at the edge of the field is missed now and then

_NOBODY = None
_TWO = b""


class Presence:
    """Who is held to the reader, by what its scans find. A scan that failed says nothing."""

    def __init__(self):
        self._held = _NOBODY
        self._missed = 0

    def nobody(self):
        """A scan found no card."""
        self._missed += 1
        if self._missed >= ABSENT_SCANS:
            self._held = _NOBODY

    def fresh(self, uid):
        """A scan found this card alone: whether it is news. After two cards nothing is until both left."""
        self._missed = 0
        return self._held == _NOBODY or self._held not in (_TWO, uid)

    def hold(self, uid):
        """The card was told."""
        self._missed = 0
        self._held = uid

    def two(self):
        """A scan found two cards: whether that is news."""
        self._missed = 0
        if self._held == _TWO:
            return False
        self._held = _TWO
        return True
