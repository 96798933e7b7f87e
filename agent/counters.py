"""What must never go back, in one small slot: boot, order counter, acknowledged record, time floor."""

import struct

from .slots import Slots

_FORM = "<IIIII"


class Counters:
    """Each value only rises; `save` makes all of them durable at once."""

    def __init__(self, volume):
        self._slots = Slots(volume, "counters")
        self.boot = self.order_n = self.acked = self.time_floor_s = self.list_fresh_s = 0
        if self._slots.state is not None:
            (
                self.boot,
                self.order_n,
                self.acked,
                self.time_floor_s,
                self.list_fresh_s,
            ) = struct.unpack(_FORM, self._slots.state)

    def save(self):
        """Durable on return. OSError from the volume: then the old values stand in flash."""
        self._slots.save(
            struct.pack(
                _FORM,
                self.boot,
                self.order_n,
                self.acked,
                self.time_floor_s,
                self.list_fresh_s,
            )
        )
