"""A bench whose charger asks the service about cards that its list does not know."""

from host_tests.scenarios.bench import CARL, Bench

DORA = bytes((0x04, 0x99, 0x98, 0x97, 0x96, 0x95, 0x94))
ASK = {"access": {"unknown": "ask"}}
STOP = {"access": {"unknown": "ask", "revoked_running": "stop"}}


class Asked(Bench):
    """A bench whose charger asks about unknown cards."""

    def __init__(self, **config):
        super().__init__()
        self.config(**(config or ASK))

    def ask(self, uid=CARL):
        """Tap a card that is not on the list; the question."""
        before = len(self.asks)
        self.tap(uid)
        assert len(self.asks) == before + 1, "no question came"
        return self.asks[-1]

    def authorize(self, ask, result="accepted", **members):
        """The service's answer to a question."""
        message = {"ask": ask["id"], "result": result}
        if result == "accepted":
            message.update({"user": "carl", "contract": "c-9", "group": "g-9", "billing": "ppm"})
        message.update(members)
        return self.order("authorize", **message)

    @property
    def state(self):
        return self.charger.connector.state

    def refusals(self):
        return [
            (r["token"]["method"], r["reason"], r["count"]) for r in self.of_kind("access_refused")
        ]


def answer(reply):
    return reply["result"], reply["reason"]
