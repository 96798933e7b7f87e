"""Why the socket gives nothing to anybody, and why a running session is held: reasons, in order."""


def locked_reason(config, readable, store_ok, ordered):
    """Why no one may begin, "" when some may.

    config: Config; readable: whether configuration and list in flash can be trusted; store_ok: whether
    the volume answers; ordered: whether a signed order locked the charger.
    """
    if not store_ok:
        return "store_fault"
    if not readable:
        return "locked"
    if ordered:
        return "locked"
    if not config.enabled and config.when_off == "locked":
        return "locked"
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
