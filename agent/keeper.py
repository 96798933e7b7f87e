"""When the running session is written to flash: the loss a power cut may cause, against the wear.

A state change and a clock-aligned sample are kept at once; between them the times and the register
are kept every 60 s or 100 Wh, whichever comes first (design section 5).
"""

from .const import const

CHECKPOINT_MS = const(60000)
CHECKPOINT_WH = const(100)


class Keeper:
    """house: the charger's parts. Follows one session at a time."""

    def __init__(self, house):
        self._house = house
        self._kept_ms = 0
        self._kept_wh = 0
        self._slot = None

    def begin(self, up_ms, session, reason):
        """Start following a session with its first sample."""
        self._slot = self._slot_at(up_ms, session)
        self.sample(up_ms, session, reason)

    def sample(self, up_ms, session, reason):
        """Note the register and the times now, and keep them."""
        session.count(up_ms)
        session.sample(reason)
        self._keep(up_ms, session, True)

    def follow(self, up_ms, session):
        """Time passed or the register moved: keep what is due."""
        session.count(up_ms)
        slot = self._slot_at(up_ms, session)
        if slot != self._slot:
            self._slot = slot
            self.sample(up_ms, session, "clock")
        elif (
            up_ms - self._kept_ms >= CHECKPOINT_MS
            or session.register_wh - self._kept_wh >= CHECKPOINT_WH
        ):
            self._keep(up_ms, session, False)

    def due_ms(self, up_ms, session):
        """The up_ms of the next checkpoint or sample."""
        sample_ms = self._house.config.current.sample_s * 1000
        unix_ms = self._house.time.unix_ms(up_ms)
        passed_ms = session.lasted_s() * 1000 if unix_ms is None else unix_ms
        return min(self._kept_ms + CHECKPOINT_MS, up_ms + sample_ms - passed_ms % sample_ms)

    def _keep(self, up_ms, session, sampled):
        self._kept_ms = up_ms
        self._kept_wh = session.register_wh
        self._house.keep(up_ms, session, sampled)

    def _slot_at(self, up_ms, session):
        sample_s = self._house.config.current.sample_s
        unix_s = self._house.time.unix_s(up_ms)
        if unix_s is None:
            return -1 - session.lasted_s() // sample_s
        return unix_s // sample_s
