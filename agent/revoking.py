"""Whether the list takes back what a running session was given.

A card that the list let in is taken back when the list does not hold it as active any more. A session that
the service itself vouched for (an order, or an answer about a card) needs no entry; it is taken back when
the list names its card, or its user and no active card of that user. Finding a user means reading the
whole list, so that is done some entries at a time, between other things (law 15).
"""

from .const import const
from .packing import member

_STEP = const(8)  # entries in one step of the control loop: each opens the file once


class Revoking:
    """house: the charger's parts. Follows the running session."""

    def __init__(self, house):
        self._house = house
        self._at = -1  # the entry to be looked at next, -1: nothing is to be done
        self._named = False  # the user was seen, with a card that is not active

    @property
    def due(self):
        """Whether `step` has something to do."""
        return self._at >= 0

    def look(self):
        """List or power are others than before: look at the running session from the beginning."""
        self._at = 0
        self._named = False

    def drop(self):
        """There is nothing to look at."""
        self._at = -1

    def step(self, session, card):
        """Look a little further. True when the session is taken back.

        card: the key of the card that began it, or None. OSError from the volume.
        """
        at, self._at = self._at, -1
        held = self._house.subscribers
        online = (
            member(session.terms, "token", "method") != "rfid_list"
        )  # a guest has no entry either
        if at == 0 and card is not None:
            entry = held.find(card)
            if not held.readable:
                return False  # a damaged list takes nothing back
            if entry is None and not online:
                return True
            if entry is not None and entry.status != "active":
                return True
        user = member(session.terms, "user")
        if not online or not user:
            return False
        end = min(at + _STEP, held.places)
        for index in range(at, end):
            entry = held.at(index)
            if entry is not None and entry.user == user:
                if entry.status == "active":
                    return False
                self._named = True
        if end < held.places:
            self._at = end
            return False
        return self._named and held.readable
