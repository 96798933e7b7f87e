"""After a power cut: whether the open session goes on, and whose time the dark was."""

from . import recovery
from .packing import member
from .session import OUTAGE_MS


class Darkness:
    """The dark before this boot, as far as it concerns the session that was open. house: the parts."""

    def __init__(self, house):
        self._house = house
        self._taken = None
        self._boot_ms = 0

    @property
    def pending(self):
        """Whether the dark has not been accounted for yet."""
        return self._taken is not None

    @property
    def boot_ms(self):
        """The up_ms at which this boot found the session."""
        return self._boot_ms

    @property
    def taken(self):
        """Instant of the last checkpoint before the dark."""
        return self._taken

    def begin(self, up_ms, taken):
        """A session was found open at boot, last kept at the Instant `taken`."""
        self._taken = taken
        self._boot_ms = up_ms

    def verdict(self, up_ms):
        """recovery.RESUME, END or WAIT for a session that was not stopped."""
        house = self._house
        within_s = house.config.current.resume_within_s
        now_s = house.time.unix_s(up_ms)
        return recovery.verdict(self._taken.unix_s, now_s, up_ms, within_s)

    def due_ms(self, up_ms):
        """The up_ms at which the clock has been waited for long enough; `up_ms` if there is no waiting."""
        if self.verdict(up_ms) != recovery.WAIT:
            return up_ms
        return (self._house.config.current.resume_within_s + 1) * 1000

    def known(self, up_ms):
        """Whether how long it was dark can be told."""
        return self._taken.unix_s is None or self._house.time.unix_s(up_ms) is not None

    def leave(self, up_ms, session, resumed, until_ms=None):
        """Account for the dark and record it.

        until_ms: outage lasted until this up_ms; None: the dark is no time of the session, which ended
        before it.
        """
        end_ms = self._boot_ms if until_ms is None else until_ms
        outage_s = recovery.dark_s(self._taken.unix_s, self._house.time.unix_s(end_ms))
        self._taken = None
        if outage_s is None:
            session.flag("outage_unknown")
        elif until_ms is not None:
            session.ms[OUTAGE_MS] += outage_s * 1000
        self._house.write(
            up_ms, "power_restored", restored(outage_s, member(session.terms, "session"), resumed)
        )


def restored(outage_s, session, resumed):
    """The body of power_restored: seconds dark or None, session id or None, whether it goes on."""
    return ("outage_s", outage_s), ("session", session), ("resumed", resumed)
