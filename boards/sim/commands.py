"""What the control port understands: every command, its members and their ranges.

`parse` checks a whole command before anything is done, so a bad one changes nothing.
"""

import binascii

from hal.mock.world import CONTACTOR_FAULTS, METER_FAULTS, PILOT_FAULTS, READER_FAULTS
from hal.ports import FAULT_WORDS

BUS_FAULTS = ("", "cut", "drop", "flip", "foreign", "hang", "high", "late", "low", "stretch")
ROLES = ("meter", "power", "reader")
OK = "ok"  # as a fault: there is none


class BadCommand(Exception):
    """A command that is refused; the text is "member: reason"."""


def _whole(low, high):
    def check(value):
        if type(value) is not int:
            raise ValueError("must be a whole number")
        if not low <= value <= high:
            raise ValueError("must be %d to %d" % (low, high))
        return value

    return check


def _amps(low, high):
    def check(value):
        if type(value) not in (int, float):
            raise ValueError("must be a number of ampere")
        if not (value == 0 and low <= 0) and not low <= value <= high:
            raise ValueError("must be %d to %d ampere" % (low, high))
        return int(value * 1000 + 0.5)

    return check


def _flag(value):
    if value is not True and value is not False:
        raise ValueError("must be true or false")
    return value


def _word(words):
    def check(value):
        if value == OK:
            return ""
        if not isinstance(value, str) or not value or value not in words:
            raise ValueError("must be one of %s" % ", ".join([OK] + [w for w in words if w]))
        return value

    return check


def _role(value):
    if value not in ROLES:
        raise ValueError("must be one of %s" % ", ".join(ROLES))
    return value


def _uid(value):
    if not isinstance(value, str) or len(value) not in (8, 14, 20):
        raise ValueError("must be 8, 14 or 20 hex digits")
    try:
        uid = binascii.unhexlify(value)
    except ValueError:
        raise ValueError("must be 8, 14 or 20 hex digits")
    return uid


_NAME = 32  # of a member that nobody knows, in the answer
_TEN_YEARS_S = 3653 * 86400
_DEMAND = {"a": _amps(0, 80), "wh": _whole(0, 10000000)}

# command: (members that must be there, members that may)
COMMANDS = {
    "ping": ({}, {}),
    "world": ({}, {}),
    "status": ({}, {}),
    "plug": ({"max_a": _amps(6, 80)}, {"phases": _whole(1, 3), "a": _DEMAND["a"], "wh": _DEMAND["wh"]}),
    "unplug": ({}, {}),
    "demand": ({"a": _DEMAND["a"]}, {"wh": _DEMAND["wh"]}),
    "tap": ({"uid": _uid}, {}),
    "power": ({"on": _flag}, {}),
    "cut": ({}, {"dark_s": _whole(0, _TEN_YEARS_S)}),
    "network": ({"up": _flag}, {}),
    "clock": ({}, {"jump_s": _whole(-_TEN_YEARS_S, _TEN_YEARS_S), "source": _flag}),
    "time": ({"unix": _whole(0, 4102444800)}, {}),
    "advance": ({"s": _whole(0, _TEN_YEARS_S)}, {"settle": _flag}),
    "meter": ({"fault": _word(METER_FAULTS)}, {"wh": _whole(0, 1000000000)}),
    "reader": ({"fault": _word(READER_FAULTS)}, {}),
    "contactor": ({"fault": _word(CONTACTOR_FAULTS)}, {}),
    "pilot": ({"fault": _word(PILOT_FAULTS)}, {}),
    "board": ({"fault": _word(FAULT_WORDS)}, {}),
    "bus": ({"of": _role, "fault": _word(BUS_FAULTS)}, {}),
    "flash": ({"fault": _word(("", "io"))}, {}),
}  # fmt: skip


def parse(message):
    """Return (command, members) of a decoded JSON value, members converted: ampere to mA, a uid to
    bytes, "ok" to "". A member that may be absent and is, is None. Raises BadCommand.
    """
    if not isinstance(message, dict):
        raise BadCommand("command: must be a JSON object")
    do = message.get("do")
    if not isinstance(do, str) or do not in COMMANDS:
        raise BadCommand("do: must be one of %s" % ", ".join(sorted(COMMANDS)))
    must, may = COMMANDS[do]
    for name in sorted(message):
        if name != "do" and name not in must and name not in may:
            raise BadCommand("%s: not a member of %s" % (_plain(name), do))
    members = {}
    for name in sorted(must):
        if name not in message:
            raise BadCommand("%s: missing" % name)
        members[name] = _checked(name, must[name], message[name])
    for name in sorted(may):
        members[name] = _checked(name, may[name], message[name]) if name in message else None
    return do, members


def _plain(name):
    """A member's name as it may stand in an answer: the interpreters spell odd characters differently."""
    return "".join(sign if 32 <= ord(sign) < 127 else "?" for sign in name[:_NAME])


def _checked(name, check, value):
    try:
        return check(value)
    except ValueError as exc:
        raise BadCommand("%s: %s" % (name, exc))


def act(world, do, m):
    """Do what a parsed command does to the world alone. Raises BadCommand where it cannot be."""
    if do == "plug":
        if world.plugged:
            raise BadCommand("do: a vehicle is plugged already")
        if m["a"] is None and m["wh"] is not None:
            raise BadCommand("wh: only together with a")
        world.plug(m["max_a"], m["phases"] or 1)
        if m["a"]:
            world.demand(m["a"], m["wh"])
    elif do == "unplug":
        world.unplug()
    elif do == "demand":
        if not world.plugged:
            raise BadCommand("do: no vehicle is plugged")
        world.demand(m["a"], m["wh"])
    elif do == "tap":
        world.tap(m["uid"])
    elif do == "network":
        world.network = m["up"]
    elif do == "clock":
        if m["jump_s"] is not None:
            world.jump_ms += m["jump_s"] * 1000
        if m["source"] is not None:
            world.time_source = m["source"]
    elif do == "time":
        world.set_time(m["unix"])
    elif do == "meter":
        world.set_meter_fault(m["fault"], m["wh"])
    elif do == "reader":
        world.reader_fault = m["fault"]
    elif do == "contactor":
        world.set_contactor_fault(m["fault"])
    elif do == "pilot":
        world.set_pilot_fault(m["fault"])
    elif do == "board":
        world.set_board_fault(m["fault"])


def truth(world):
    """Return what is so in the world, whatever the charger believes."""
    return {
        "contactor": world.closed,
        "energy_wh": world.energy_uj / 3600000000,
        "energy_uj": world.energy_uj,
        "register_wh": world.register_wh(),
        "vehicle": world.vehicle(),
        "plugged": world.plugged,
        "demand_ma": world.demand_ma,
        "permit_ma": world.permit_ma,
        "current_ma": world.current_ma(),
        "power_w": world.power_mw() // 1000,
        "fault": world.fault(),
        "mains": world.mains,
        "network": world.network,
        "virtual_s": world.now_ms / 1000,
        "unix": world.wall_ms() // 1000,
    }
