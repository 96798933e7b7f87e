"""Volumes of chargers in the middle of something, for the flash to be damaged."""

from host_tests.fuzz.stand import Stand
from host_tests.fuzz.targets.signed import (
    ANNA,
    FIRST,
    SESSION,
    START_S,
    entry,
    order,
    part,
    text,
)

_MONTH_S = 31 * 86400


def volumes():
    """Copies of one volume as its life goes on."""
    stand = Stand()
    found = [stand.volume.copy()]
    for step in _STEPS:
        for line in step:
            stand.line(line)
        found.append(stand.volume.copy())
    return found


_STEPS = (
    FIRST,
    SESSION,
    (b"run 4000",),  # charging, samples of quarter hours behind it
    (order(1, "stop"),),  # stopped, the vehicle is still there
    (b"unplug", b"run 60", text("ack", upto=6, rejected=[{"seq": 5, "reason": "bad_value"}])),
    (part(6, 5, 1, 2, [entry(ANNA, "anna", status="blocked")]),),  # a list under way
    (SESSION[:2] + (b"run 20000",) * 6 + (b"unplug", b"run 60")) * 4,  # more than one segment
    (order(2, "lock"), b"cut"),
    (b"clock %d" % (START_S + _MONTH_S), b"run 60"),  # a month is closed
    (order(3, "unlock"), part(5, None, 1, 1, [], at=START_S + _MONTH_S)) + SESSION + (b"cut",),
)
