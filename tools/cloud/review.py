"""Why a session is shown to a person before it is billed: it is listed, and costs nothing until then."""

from collections.abc import Mapping

# Flags that say something about a session without putting its energy or its owner in doubt.
HARMLESS_FLAGS = frozenset(
    (
        "zero_energy",
        "outage",
        "outage_unknown",
        "samples_thinned",
        "unplug_unseen",
        "clock_unsynced",
    )
)
# Three phases at the highest limit a configuration can give (80 A), and some for the meter.
_MAX_W = 3 * 80 * 260
_SLACK_WH = 1000
_LATCHED = ("token", "user", "contract", "group", "billing", "tariff", "meter", "reg_begin_wh")


def reasons(end: Mapping, begin: Mapping | None, ends: int, end_known: bool) -> list[str]:
    """What keeps a session from being billed, in words; empty when nothing does.

    end: the session_end record; begin: its session_begin, if it is held; ends: how many ends the
    session has; end_known: whether it is known when it ended.
    """
    found = _energy(end) + _flags(end)
    if sum(end["seconds"][part] for part in _PARTS) != end["seconds"]["connected"]:
        found.append("the times do not add up")
    if ends > 1:
        found.append(f"{ends} ends for one session")
    if begin is None:
        found.append("no begin record")
    elif any(begin[name] != end[name] for name in _LATCHED):
        changed = [name for name in _LATCHED if begin[name] != end[name]]
        found.append(f"begin and end differ: {', '.join(changed)}")
    if not end_known:
        found.append("when it ended is not known; shown in the month it was received")
    if end["billing"] == "ppm":
        if not end["user"]:
            found.append("no subscriber")
        if end["tariff"] is None:
            found.append("no tariff at the start")
    return found


_PARTS = ("charging", "ev_suspended", "evse_suspended", "outage")


def _energy(end: Mapping) -> list[str]:
    energy_wh, last_wh = end["energy_wh"], end["reg_end_wh"]
    if energy_wh is None:
        return ["the energy is not known"]
    if last_wh is None or energy_wh != last_wh - end["reg_begin_wh"]:
        return ["the energy is not the difference of the registers"]
    if energy_wh > _MAX_W * end["seconds"]["connected"] // 3600 + _SLACK_WH:
        return ["more energy than any charger can give in that time"]
    return []


def _flags(end: Mapping) -> list[str]:
    return [f"flag {flag}" for flag in end["flags"] if flag not in HARMLESS_FLAGS]
