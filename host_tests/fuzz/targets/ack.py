"""Acknowledgements of anything: what was never named by the service stays, and is told the same."""

from host_tests.fuzz.targets.signed import EVENTS, SESSION, Signed, text


class Ack(Signed):
    name = "ack"
    lines = EVENTS + (
        text("ack", upto=4),
        text("ack", upto=5, rejected=[{"seq": 4, "reason": "x"}]),
    )

    def seeds(self):
        return [
            text("ack", upto=4),
            text("ack", upto=0, rejected=[]),
            text("ack", upto=5, rejected=[{"seq": 5, "reason": "bad_value"}, {"seq": 1}]),
            text("ack", upto=4294967295),
            b"\n".join(SESSION + (text("ack", upto=6), b"unplug", b"run 60", text("ack", upto=8))),
            b"link down\n" + text("ack", upto=4) + b"\nlink up\ncut\n" + text("ack", upto=5),
        ]


make = Ack
