"""Signed messages of anything, in a charger that has a configuration, a list and at times a session."""

import json

from hal.mock.volume import MemoryVolume
from host_tests.fuzz.stand import CHARGER, START_S, Stand
from host_tests.fuzz.targets import Target

ANNA = "04A2B3C4D5E6F7"
BO = "04112233445566"
CARL = "DEADBEEF"


def text(leaf, **members):
    """A line with a message of this topic."""
    message = {"aud": CHARGER}
    message.update(members)
    return ("%s %s" % (leaf, json.dumps(message))).encode()


def config(version, **members):
    message = {
        "version": version,
        "monthly_payment": {
            "enabled": True,
            "plan": "business",
            "actor": {"id": "u-9", "role": "superadmin"},
            "accepted_at": START_S,
        },
        "tariff": {
            "id": "T-1",
            "version": 3,
            "currency": "EUR",
            "components": [{"type": "ENERGY", "price": "0.40"}, {"type": "FLAT", "price": "1"}],
        },
        "access": {
            "when_off": "open",
            "offline": "list",
            "lapse_s": 60,
            "revoked_running": "stop",
        },
        "session": {"resume_within_s": 3600, "sample_s": 900},
        "store_full": "block",
        "limit_ma": 16000,
        "timezone": "Europe/Stockholm",
        "utc_offset_rules": [{"from": 0, "offset_s": 3600}, {"from": START_S, "offset_s": 7200}],
    }
    message.update(members)
    return text("config", **message)


def entry(uid, user, **members):
    put = {"uid": uid, "type": "ISO14443", "user": user, "contract": "c-1", "group": "g-1"}
    put.update({"status": "active", "until": None, "billing": "ppm"})
    put.update(members)
    return put


def part(version, base, n, parts, put, gone=(), **members):
    return text(
        "list",
        version=version,
        base=base,
        part=n,
        parts=parts,
        put=put,
        sha256="@",
        **dict(members, **{"del": list(gone)})
    )  # fmt: skip


def order(n, do, **members):
    members.update({"n": n, "exp": 4102444799, "id": "o-%d" % n, "do": do})
    return text("order", **members)


FIRST = (
    config(5),
    part(
        5,
        None,
        1,
        1,
        [
            entry(BO, "bo", status="blocked"),
            entry(ANNA, "anna"),
            entry(CARL, "carl", until=START_S + 5000, group="", billing="free"),
        ],
        at=START_S,
    ),
)
SESSION = (b"card ISO14443 " + ANNA.encode(), b"plug", b"run 600")
EVENTS = SESSION + (
    b"card ISO14443 " + BO.encode(),
    b"card ISO14443 " + CARL.encode(),
    b"unplug",
    b"run 5",
    b"run 4000",
    b"cut",
    b"link down",
    b"link up",
    b"silent",
    b"fault residual_current",
    b"fault",
    b"clock %d" % (START_S + 86400),
    text("order", n=90, exp=4102444799, id="o", do="set_time", time=START_S + 9000),
)


class Signed(Target):
    """Everything through Charger.on_message."""

    kind = Stand
    shape = "lines"
    lines = EVENTS
    words = ("@", "ISO14443", "ISO15693", CHARGER, ANNA, BO, "superadmin", "business")

    def __init__(self):
        stand = Stand()
        stand.live(b"\n".join(FIRST))
        stand.line(text("ack", upto=stand.house.ledger.last))
        assert stand.house.config.current.version == stand.house.subscribers.version == 5
        self._files = {path: bytes(data) for path, data in stand.volume.files.items()}
        self._entries = stand.model.entries

    def stand(self):
        """A charger as FIRST has left it."""
        volume = MemoryVolume(1 << 20)
        for path in self._files:
            volume.files[path] = bytearray(self._files[path])
        return self.kind(volume, self._entries)

    def run(self, case):
        return self.stand().live(case)
