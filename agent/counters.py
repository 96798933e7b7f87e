"""What must never go back, in one small slot.

boot, order counter, acknowledged record, time floor, when the list was confirmed, and the versions of
configuration and list: a file that is lost or damaged does not let an older version in.
"""

import struct

from .const import const
from .slots import Slots

_FORM = "<IIIIIII"
_SIZE = const(28)
MOST = const(0x7FFFFFFF)  # boots, records or sessions: what counts more of them is damaged


class Counters:
    """Each value is 0 at first and only rises; `save` makes all of them durable at once.

    A slot of a firmware that knew fewer or more of them is read as far as it goes.
    """

    def __init__(self, volume):
        self._slots = Slots(volume, "counters")
        state = (self._slots.state or b"")[:_SIZE]
        (
            self.boot,
            self.order_n,
            self.acked,
            self.time_floor_s,
            self.list_fresh_s,
            self.config_version,
            self.list_version,
        ) = struct.unpack(_FORM, state + b"\x00" * (_SIZE - len(state)))
        if self.boot >= MOST:
            self.boot = 0  # the newest record knows
        if self.acked >= MOST:
            self.acked = 0  # all that is held is offered again

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
                self.config_version,
                self.list_version,
            )
        )
