"""The card of the running session, so that a list that comes after a power cut can still revoke it.

    session u32 | the card's key in the list 12

In two slots: a card is written between tap and permit, and making a file there and renaming it costs ten
times as many flash reads, sixty times when the folder has to be packed. After a cut the slot of the session before
may be the one that counts, which names another session and so no card of this one.
"""

import struct

from .slots import Slots

_FORM = "<I12s"


class CardFile:
    """volume: hal volume. OSError from the volume goes through."""

    def __init__(self, volume):
        self._slots = Slots(volume, "holder")

    def write(self, number, key):
        """Keep the card of session `number`: its 12-byte key. Durable on return."""
        self._slots.save(struct.pack(_FORM, number, key))

    def read(self, number):
        """The key of the card of session `number`, or None."""
        state = self._slots.state
        if state is None or len(state) != struct.calcsize(_FORM):
            return None
        session, key = struct.unpack(_FORM, state)
        return key if session == number else None
