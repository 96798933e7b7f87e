"""Configurations of anything."""

from host_tests.fuzz.targets.signed import EVENTS, FIRST, SESSION, Signed, config


class Config(Signed):
    name = "config"
    lines = EVENTS + (config(6), config(7))

    def seeds(self):
        off = {"enabled": False}
        return [
            config(6),
            config(5) + b"\n" + FIRST[0],
            config(6, monthly_payment=off, access={"when_off": "locked"}),
            b"\n".join(
                SESSION + (config(6, limit_ma=0), b"run 5", config(7, limit_ma=6000), b"cut")
            ),
            b"\n".join((config(6, monthly_payment=off), b"plug", b"run 30", config(7), b"run 5")),
            config(6, tariff=None, access={}, session={}, utc_offset_rules=[]),
            config(0x7FFFFFFF) + b"\n" + config(6),
        ]


make = Config
