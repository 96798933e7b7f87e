"""Room in flash, and what happens when there is none (law 6).

The last RESERVE_BYTES are kept for the end of the running session and the closing of the month: below
that nothing else is recorded, and no paid session begins. Under the policy `block` nobody charges then.
Under `unbilled` subscribers charge without a record: what they take is only tallied, in one small slot
that is durable before energy flows, and told in one `store_full` record when there is room again.

    open u8 | told u8 | sessions u32 | wh u64 | register_wh u64 (of the session under way)
"""

import struct

from .const import const
from .slots import Slots

RESERVE_BYTES = const(64 * 1024)
_NEAR_BYTES = const(96 * 1024)  # below this, room is measured before anything is written
_WANTED_BYTES = const(128 * 1024)  # below this, segments that the service holds give way
_ROOMY_BYTES = const(192 * 1024)  # until there is this much
_WRITE_BYTES = const(8192)  # more than any one record takes of the volume, blocks begun included
_FEW_WRITES = (_WANTED_BYTES - _NEAR_BYTES) // _WRITE_BYTES
_TIDY_MS = const(5000)  # by then whoever has tapped has the permit
_ALWAYS = ("session_end", "month_closed", "store_full")
_FORM = "<BBIQQ"
_SIZE = const(22)
assert struct.calcsize(_FORM) == _SIZE


class Room:
    """volume: hal volume; outbox: Outbox. OSError from the volume goes through.

    `full`: whether only the reserve is left. sessions, wh: the tally of unbilled charging not told yet.
    due_ms: when to `tidy`, None: not before another record.
    """

    def __init__(self, volume, outbox):
        self._volume = volume
        self._outbox = outbox
        self._slots = Slots(volume, "unbilled")
        self._open = self._told = self.sessions = self.wh = self._register_wh = 0
        if self._slots.state is not None and len(self._slots.state) == _SIZE:
            state = struct.unpack(_FORM, self._slots.state)
            self._open, self._told, self.sessions, self.wh, self._register_wh = state
        self.full = False
        self.due_ms = 0
        self.free = 0  # bytes, when last measured
        self._writes = 0  # that may still be made before less than _NEAR_BYTES can be left
        self.look(0)

    @property
    def open(self):
        """Whether a session without a record was under way when the tally was kept last."""
        return bool(self._open)

    def look(self, keep_from):
        """Something is to be written: see that there is room, and make some by letting go of what the
        service holds. Measuring walks the whole volume, so it is done here only where the room could be
        short: `tidy` sees to it that it is not.

        keep_from: the first record number that the running session still needs, 0: none may go.
        """
        self._writes -= 1
        if self._writes > 0:
            return
        self._measure()
        while self.free < _WANTED_BYTES and keep_from and self._outbox.let_go(keep_from):
            self._measure()

    def wrote(self, up_ms):
        """A record was written: there may be something to tidy, after a while."""
        self.due_ms = up_ms + _TIDY_MS

    def tidy(self, up_ms, keep_from):
        """Nobody waits: do one thing that takes long, and say when the next one is due. A full segment is
        put away; room is measured where it may be less than wanted; one segment goes where it is.
        keep_from: see `look`.
        """
        self.due_ms = None
        if self._outbox.put_away() or self._lets_one_go(keep_from):
            self.due_ms = up_ms + _TIDY_MS

    def _lets_one_go(self, keep_from):
        if self._writes > _FEW_WRITES:
            return False
        self._measure()
        if self.free >= _ROOMY_BYTES or not keep_from or not self._outbox.let_go(keep_from):
            return False
        self._writes = min(self._writes, _FEW_WRITES)  # so that the next one goes too
        return True

    def _measure(self):
        self.free = self._volume.free_bytes()
        self.full = self.free < RESERVE_BYTES
        self._writes = (self.free - _NEAR_BYTES) // _WRITE_BYTES

    def spare(self, size, keep_from):
        """Whether `size` more bytes can be written and the reserve still be there. Always measures, and
        lets go of what the service holds where that helps.
        """
        self.free = self._volume.free_bytes()
        while self.free < size + RESERVE_BYTES and keep_from and self._outbox.let_go(keep_from):
            self.free = self._volume.free_bytes()
        self._writes = 0  # what comes is no record: the next of those measures again
        return self.free >= size + RESERVE_BYTES

    def allows(self, kind):
        """Whether a record of this kind may be written now."""
        return not self.full or kind in _ALWAYS

    def news(self, policy):
        """The body of the store_full record that is due, None when none is. See `told`."""
        if self.full == bool(self._told):
            return None
        if not self.full and self._open:
            return None
        return (
            ("free_kib", self.free // 1024),
            ("policy", policy),
            ("unbilled_sessions", 0 if self.full else self.sessions),
            ("unbilled_wh", 0 if self.full else self.wh),
        )

    def told(self):
        """The record that `news` gave is durable."""
        self._told = int(self.full)
        if not self.full:
            self.sessions = self.wh = 0
        self._save()

    def begin_unbilled(self, register_wh):
        """Tally one more session. Durable on return: the permit may follow."""
        self._open = 1
        self.sessions += 1
        self._register_wh = register_wh
        self._save()

    def end_unbilled(self, register_wh):
        """Tally what the session took (register_wh: None when the meter gave nothing believable)."""
        if self._open:
            if register_wh is not None and register_wh > self._register_wh:
                self.wh += register_wh - self._register_wh
            self._open = 0
            self._save()

    def _save(self):
        self._slots.save(
            struct.pack(_FORM, self._open, self._told, self.sessions, self.wh, self._register_wh)
        )
