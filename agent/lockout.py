"""A card that is refused again and again is slowed down: it alone, and never one that the list holds as active.

After MOST refusals in a row a card is answered `locked_out` for 10 s, after the next one for 20 s, and so
on up to 15 min. The table is small and forgets whoever came longest ago: a flood of cards costs no more
than a few, and delays nobody else. It is lost at a boot, and cleared when list or configuration change.
"""

from .const import const

MOST = const(5)
CARDS = const(8)
_FIRST_MS = const(10000)
_LONGEST_MS = const(900000)

_COUNT = const(0)
_UNTIL_MS = const(1)
_LAST_MS = const(2)


class Lockout:
    """References of cards, each with its refusals in a row."""

    def __init__(self):
        self._cards = {}

    def __len__(self):
        return len(self._cards)

    def holds(self, up_ms, ref):
        """Whether the card is answered `locked_out` now."""
        card = self._cards.get(ref)
        return card is not None and up_ms < card[_UNTIL_MS]

    def refused(self, up_ms, ref):
        """The card was refused for a reason that is its own."""
        card = self._cards.get(ref)
        if card is None:
            if len(self._cards) >= CARDS:
                del self._cards[self._oldest()]
            card = self._cards[ref] = [0, 0, 0]
        card[_COUNT] += 1
        card[_LAST_MS] = up_ms
        over = card[_COUNT] - MOST
        if over >= 0:
            card[_UNTIL_MS] = up_ms + min(_FIRST_MS << min(over, 7), _LONGEST_MS)

    def forget(self, ref):
        """The card was let in."""
        if ref in self._cards:
            del self._cards[ref]

    def clear(self):
        """List or configuration are others now: what was decided under the old ones counts no more."""
        self._cards.clear()

    def _oldest(self):
        oldest = None
        for ref in self._cards:
            if oldest is None or self._cards[ref][_LAST_MS] < self._cards[oldest][_LAST_MS]:
                oldest = ref
        return oldest
