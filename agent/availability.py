"""Why the socket gives nothing to anybody, and why a running session is held: causes, in order."""

from . import access


def lock_cause(config, readable, store_ok, ordered, idle_ms):
    """Why no one may begin (see access.Facts.lock), "" when some may.

    config: Config; readable: whether configuration and list in flash can be trusted; store_ok: whether
    the volume answers; ordered: whether a signed order locked the charger; idle_ms: since the last session
    ended or the socket was unlocked, None for never in this boot.
    """
    if not store_ok:
        return access.STORE
    if not readable:
        return access.UNREADABLE
    if ordered:
        return access.ORDERED
    if config.enabled:
        return ""
    if config.when_off == "locked":
        return access.OFF
    if config.autolock_s and (idle_ms is None or idle_ms >= config.autolock_s * 1000):
        return access.AUTO
    return ""


def hold_reason(fault, meter_ok, limit_ma, awaiting_clock, store_ok):
    """Why the running session gets no energy now, "" when it may.

    fault: the power board's word; awaiting_clock: after a power cut, until the gap is known.
    """
    if fault:
        return fault
    if not store_ok:
        return "store_fault"
    if not meter_ok:
        return "meter_fault"
    if awaiting_clock:
        return "clock_unknown"
    if not limit_ma:
        return "no_current"
    return ""
