"""Orders of anything."""

from host_tests.fuzz.targets.signed import EVENTS, SESSION, START_S, Signed, order


class Order(Signed):
    name = "order"
    lines = EVENTS + (order(40, "start", user="anna"), order(41, "stop"), order(42, "lock"))

    def seeds(self):
        return [
            order(1, "identify"),
            order(1, "start", user="anna", contract="c", group="g", billing="free") + b"\nplug",
            b"\n".join(SESSION + (order(1, "stop"), b"unplug", b"run 60")),
            order(1, "lock") + b"\ncut\n" + order(2, "unlock"),
            order(1, "resend", **{"from": 1, "to": 3}),
            order(1, "reboot") + b"\n" + order(1, "reboot"),
            order(1, "set_time", time=START_S + 86400),
            order(1, "self_test") + b"\n" + order(2, "update") + b"\n" + order(3, "dance"),
            order(1, "start", user="anna")
            + b"\nplug\n"
            + order(2, "reboot")
            + b"\nfault residual_current",
            b"silent\nrun 60\n" + order(1, "start", user="anna"),
        ]


make = Order
