"""May this token charge? A pure function: the same facts give the same answer and the same reason."""

from .timekeeping import UNKNOWN


class Facts:
    """What a decision rests on.

    locked: reason word why the socket gives nothing to anybody, "" when it does
    busy: whether somebody else's session holds the socket
    entry: the subscriber's Entry, or None when the list does not hold the card
    online: whether the service can be reached; offline: policy "list" or "deny" for when it cannot
    unix_s: Unix second or None; quality: its letter; floor_s: no earlier than this, whatever the clock says
    list_version, list_fresh_s: the list's version (0 = none), and when the service last confirmed it
    list_max_age_s: policy; meter_ok, store_ok: whether a paid session can be measured and recorded
    """

    def __init__(self, **facts):
        self.locked = ""
        self.busy = False
        self.entry = None
        self.online = False
        self.offline = "list"
        self.unix_s = None
        self.quality = UNKNOWN
        self.floor_s = 0
        self.list_version = 0
        self.list_fresh_s = 0
        self.list_max_age_s = 604800
        self.meter_ok = True
        self.store_ok = True
        for name in facts:
            setattr(self, name, facts[name])


def decide(facts):
    """A card: "accepted", or the reason why not (see reasons.REASONS)."""
    reason = _socket_reason(facts) or _entry_reason(facts)
    if not reason and not facts.online and facts.offline == "deny":
        reason = "offline_denied"
    return reason or _record_reason(facts) or "accepted"


def decide_ordered(facts):
    """A user that the service vouches for in a signed order: as decide, without the list."""
    return _socket_reason(facts) or _record_reason(facts) or "accepted"


def _socket_reason(facts):
    return facts.locked or ("busy" if facts.busy else "")


def _record_reason(facts):
    if not facts.meter_ok:
        return "meter_fault"
    return "" if facts.store_ok else "store_full"


def _entry_reason(facts):
    if facts.list_version and list_age_s(facts) > facts.list_max_age_s:
        return "list_too_old"
    entry = facts.entry
    if entry is None:
        return "unknown"
    if entry.status == "blocked" or entry.status == "pending":
        return entry.status
    if entry.status == "expired":
        return "subscription_expired"
    if entry.until_s is not None:
        # The floor is a time that has certainly passed: enough to refuse, never enough to accept.
        if max(facts.unix_s or 0, facts.floor_s) >= entry.until_s:
            return "subscription_expired"
        if facts.unix_s is None:
            return "clock_unknown"
    return ""


def list_age_s(facts):
    """Seconds since the service last confirmed the list; with an unknown clock, the least it can be."""
    return max(0, max(facts.unix_s or 0, facts.floor_s) - facts.list_fresh_s)
