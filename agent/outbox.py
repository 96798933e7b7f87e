"""What the billing service has not named yet.

A record leaves the charger only when the service has named its number (law 6): a broker's PUBACK
says nothing. Unnamed records are offered oldest first, a bounded number ahead of the last named one,
and again from there after every reconnection. A rejected record is set aside and the next ones flow.
"""

import struct

from .checks import array, bad, integer, text
from .const import const

WINDOW = const(16)  # records sent ahead of the last one the service has named
_REJECTED = "rejected"
_MOST_REJECTED = const(64)  # kept whole; of more only number and reason, the service has them all


class Outbox:
    """ledger: Ledger; counters: Counters (its `acked` is the last number named by the service)."""

    def __init__(self, volume, ledger, counters):
        self._volume = volume
        self._ledger = ledger
        self._counters = counters
        self._next = counters.acked + 1
        self._again = 0  # next and last number of a resend the service asked for
        self._again_to = 0
        self.rejected = len(volume.names(_REJECTED))
        self.seen = 0  # highest number handed to the link in this boot

    @property
    def unsent(self):
        """Records that the service has not named."""
        return self._ledger.last - self._counters.acked

    @property
    def waiting(self):
        """Whether there is something to hand to the link now."""
        return self._again != 0 or self._next <= self._limit()

    def rewind(self):
        """Offer everything that is not named again: after a reconnection, or a long silence."""
        self._next = self._counters.acked + 1

    def resend(self, first, last):
        """Offer first..last once more, named or not. Returns False when none of them is held."""
        first = max(first, self._ledger.journal.first)
        last = min(last, self._ledger.last)
        if first > last:
            return False
        self._again, self._again_to = first, last
        return True

    def take(self):
        """The next record as signed bytes, or None. A damaged record is passed over."""
        while self.waiting:
            if self._again:
                seq = self._again
                self._again = seq + 1 if seq < self._again_to else 0
            else:
                seq = self._next
                self._next += 1
            data = self._ledger.signed(seq)
            if data is not None:
                self.seen = max(self.seen, seq)
                return data
        return None

    def acknowledge(self, message):
        """Take the service's word for what it holds: {"upto", "rejected": [{"seq", "reason"}]}.

        Refused("bad_value") changes nothing. An old acknowledgement is harmless.
        """
        upto = integer(message, "upto", 0, 0xFFFFFFFF)
        if upto > self._ledger.last:
            raise bad("upto", "record %d does not exist yet" % upto)
        rejected = array(message, "rejected", 64, [])
        for entry in rejected:
            if not isinstance(entry, dict):
                raise bad("rejected", "must be a list of objects")
            seq = integer(entry, "rejected.seq", 1, 0xFFFFFFFF)
            text(entry, "rejected.reason", 200, "")
            if seq > self._ledger.last:
                raise bad("rejected.seq", "record %d does not exist yet" % seq)
        for entry in rejected:
            self._set_aside(entry["seq"], entry.get("reason", ""))
        if upto > self._counters.acked:
            self._counters.acked = upto
            self._counters.save()
            self._next = max(self._next, upto + 1)

    def let_go(self, keep_from):
        """Remove the oldest segment if the service holds all of it. True when one went.

        keep_from: a number from which on records are still wanted (the running session's begin).
        """
        return self._ledger.journal.drop_oldest(min(self._counters.acked + 1, keep_from))

    def put_away(self):
        """Put a segment that is full with the others. True when there was one."""
        return self._ledger.journal.tidy()

    def _limit(self):
        return min(self._ledger.last, self._counters.acked + WINDOW)

    def _set_aside(self, seq, reason):
        """Keep a rejected record beyond its segment's life, once, with the service's reason."""
        path = "%s/%08x" % (_REJECTED, seq)
        if self._volume.size(path) > 0:
            return
        self.rejected += 1
        data = b""
        if self.rejected <= _MOST_REJECTED:
            data = self._ledger.journal.read(seq) or b""
        why = reason.encode()[:200]
        self._volume.write(path, struct.pack("<IH", seq, len(why)) + why + data)
