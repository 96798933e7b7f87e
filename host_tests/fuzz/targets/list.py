"""Subscriber lists of anything, whole and as differences, in parts."""

from host_tests.fuzz.targets.signed import (
    ANNA,
    BO,
    CARL,
    EVENTS,
    FIRST,
    SESSION,
    Signed,
    entry,
    part,
)

MORE = ["%08X" % n for n in range(0x10000000, 0x10000000 + 20)]


class List(Signed):
    name = "list"
    lines = EVENTS + (
        part(6, 5, 1, 2, [entry(BO, "bo")]),
        part(6, 5, 2, 2, [], [CARL]),
        part(7, None, 1, 1, [entry(ANNA, "anna")]),
    )

    def seeds(self):
        put = [entry(uid, "u%s" % uid) for uid in MORE]
        return [
            FIRST[1],
            part(6, None, 1, 1, put),
            part(6, 5, 1, 1, [entry(BO, "bo")], [ANNA]),
            part(6, 5, 1, 2, [entry(BO, "bo")]) + b"\n" + part(6, 5, 2, 2, [], [CARL]),
            part(6, 5, 1, 2, [])
            + b"\n"
            + part(6, 5, 1, 2, [])
            + b"\ncut\n"
            + part(6, 5, 2, 2, []),
            part(6, None, 1, 1, []),
            b"\n".join(SESSION + (part(6, 5, 1, 1, [], [ANNA]), b"unplug", b"run 60")),
            part(6, 5, 1, 1, [], [{"type": "ISO15693", "uid": "E004010203040506"}], at=1614556800),
            part(6, 4, 1, 1, []) + b"\n" + part(5, 5, 1, 1, []) + b"\n" + part(4, None, 1, 1, []),
        ]


make = List
