"""When the running session is written to flash: the loss a power cut may cause, against the wear.

A state change is kept at once, whole. Between two of them a pulse notes times and register: with every
clock-aligned sample, and every 60 s or 100 Wh while energy may flow, whichever comes first (design
section 5). While none flows it is every 5 min: then only idle time can be lost, and it counts as outage,
which nobody pays.
"""

from . import states
from .const import const

PULSE_MS = const(60000)
PULSE_WH = const(100)
_IDLE_PULSE_MS = const(300000)


class Keeper:
    """house: the charger's parts. Follows one session at a time."""

    def __init__(self, house):
        self._house = house
        self._kept_ms = 0
        self._kept_wh = 0
        self._pulse_ms = PULSE_MS
        self._slot = None

    def begin(self, up_ms, session, reason):
        """Start following a session with its first sample."""
        self._slot = self._slot_at(up_ms, session)
        self.sample(up_ms, session, reason)

    def sample(self, up_ms, session, reason):
        """Note the register and the times now, and keep them."""
        session.count(up_ms)
        thinned = session.sample(reason)
        self._kept(up_ms, session)
        self._house.keep(up_ms, session, "all" if thinned else "newest")

    def follow(self, up_ms, session, state):
        """Time passed or the register moved: keep what is due."""
        session.count(up_ms)
        self._pulse_ms = PULSE_MS if state == states.CHARGING else _IDLE_PULSE_MS
        slot = self._slot_at(up_ms, session)
        if slot != self._slot:
            self._slot = slot
            thinned = session.sample("clock")
            self._kept(up_ms, session)
            self._house.keep_sample(up_ms, session, thinned)
        elif (
            up_ms - self._kept_ms >= self._pulse_ms
            or session.register_wh - self._kept_wh >= PULSE_WH
        ):
            self._kept(up_ms, session)
            self._house.pulse(up_ms, session)

    def due_ms(self, up_ms, session):
        """The up_ms of the next pulse or sample."""
        sample_ms = self._house.config.current.sample_s * 1000
        unix_ms = self._house.time.unix_ms(up_ms)
        passed_ms = session.lasted_s() * 1000 if unix_ms is None else unix_ms
        return min(self._kept_ms + self._pulse_ms, up_ms + sample_ms - passed_ms % sample_ms)

    def _kept(self, up_ms, session):
        self._kept_ms = up_ms
        self._kept_wh = session.register_wh

    def _slot_at(self, up_ms, session):
        sample_s = self._house.config.current.sample_s
        unix_s = self._house.time.unix_s(up_ms)
        if unix_s is None:
            return -1 - session.lasted_s() // sample_s
        return unix_s // sample_s
