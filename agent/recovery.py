"""After a power cut: does the session that was open go on? A pure function."""

from .const import const

_DRIFT_S = const(5)

RESUME = "resume"
END = "end"
WAIT = "wait"


def verdict(taken_s, now_s, up_ms, resume_within_s):
    """RESUME, END or WAIT.

    taken_s: Unix second of the last checkpoint, None when the clock was unknown then; now_s: Unix
    second now, None while unknown; up_ms: since boot. Nothing is given while the gap is unknown: a
    vehicle may have been exchanged in the dark, and the limit on the gap is all that guards against it.
    """
    if taken_s is None:
        return END
    if now_s is None:
        return END if up_ms // 1000 > resume_within_s else WAIT
    gap_s = dark_s(taken_s, now_s)
    return RESUME if gap_s is not None and gap_s <= resume_within_s else END


def dark_s(taken_s, now_s):
    """Seconds between two instants on both sides of the dark, or None when they cannot be told.

    A clock that stands before the last checkpoint was wrong then, or is wrong now.
    """
    if taken_s is None or now_s is None or now_s < taken_s - _DRIFT_S:
        return None
    return max(0, now_s - taken_s)
