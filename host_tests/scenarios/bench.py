"""A charger on the bench: the agent and the control task over the mock hardware, and a small service.

Runs on CPython and MicroPython alike. Time is the world's: `run(seconds)` lets it pass as the
simulator does, in steps that end where the agent or the world has something to do by itself.
"""

import binascii
import gc
import hashlib
import json

from agent import jws
from agent.charger import Charger
from firmware.control import Control
from hal.mock.ports import MockIndicator, MockMeter, MockNetwork, MockPowerBoard, MockReader
from hal.mock.volume import MemoryVolume
from hal.mock.world import World
from hal.ports import Board

if hasattr(gc, "mem_free"):
    gc.threshold(4096)  # as firmware/boot.py does: without it a small heap ends in splinters

START_S = 1614556800  # 2021-03-01T00:00:00Z
MASTER = bytes(range(32))
ANNA = bytes((0x04, 0xA2, 0xB3, 0xC4, 0xD5, 0xE6, 0xF7))
BO = bytes((0x04, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66))
CARL = bytes((0xDE, 0xAD, 0xBE, 0xEF))
CHARGER = "CH-1"
KEPT = 40  # records whose text the service remembers; of older ones it knows kind and digest


def hex_of(uid):
    return "".join("%02X" % b for b in uid)


class Uptime:
    def __init__(self, world):
        self._world = world
        self._zero = world.now_ms

    def now_ms(self):
        return self._world.now_ms - self._zero


class MockBoard(Board):
    def __init__(self, world):
        self.power = MockPowerBoard(world)
        self.meter = MockMeter(world)
        self.reader = MockReader(world)
        self.indicator = MockIndicator()
        self.network = MockNetwork(world)


class Bench:
    """One charger, its world and its service.

    kinds: the records that the service holds, kind by number (`of_kind` gives them whole, as they came:
    the heap is a board's); replies, status: the newest. acks: whether the service acknowledges.
    Numbers of orders and versions rise by themselves. fw: the firmware of the next boot.
    """

    fw = "test"

    def __init__(self, enabled=True, boot=True, volume=None, register_wh=0):
        self.world = World(START_S, register_wh)
        self.volume = volume or MemoryVolume(1 << 20)
        self.keys = jws.Keys(MASTER)
        self.rings = {"up-1": self.keys}  # by key id, what the service knows
        self.asks = []
        self.kinds = {}
        self._kept = {}
        self.energy_wh = 0  # of all session_end records
        self.doubles = 0
        self.replies = []
        self.status = None
        self.telemetry = None
        self.acks = True
        self.reject = {}
        self.version = 0
        self.list_version = 0
        self.n = 0
        self.cards = {}
        if boot:
            self.boot()
            if enabled:
                self.commission()

    # -- the charger's life

    def boot(self, online=True, clock=True):
        self.board = MockBoard(self.world)
        self.uptime = Uptime(self.world)
        self.charger = Charger(self.volume, CHARGER, MASTER, self.fw)
        vehicle = self.board.power.vehicle()
        self.control = Control(self.board, self.charger, self.uptime, vehicle)
        self.charger.boot(self.up_ms, vehicle, self.board.meter.read())
        self.world.network = online
        if clock:
            self.set_clock()
        if online:
            self.link(True)

    def power_cut(self, dark_s=0, online=True, clock=True):
        self.world.restart(dark_s * 1000)
        self.boot(online, clock)

    def commission(self):
        """Pay per month on, Anna and Bo subscribed."""
        self.config()
        self.subscribe({ANNA: {"user": "anna"}, BO: {"user": "bo"}})

    @property
    def up_ms(self):
        return self.uptime.now_ms()

    @property
    def now_s(self):
        return self.world.wall_ms() // 1000

    def set_clock(self):
        self.charger.on_time(self.up_ms, self.world.wall_ms() + self.world.jump_ms, "S", "sntp")

    def link(self, up):
        self.world.network = up
        self.charger.on_link(self.up_ms, up)
        self.pump()

    def run(self, seconds):
        goal_ms = self.world.now_ms + int(seconds * 1000)
        calm = 0  # steps since something changed: a charger looks at once, and a second later
        while True:
            changes = self.world.changes
            self.control.step()
            self.pump()
            self.watch()
            left_ms = goal_ms - self.world.now_ms
            if left_ms <= 0:
                return
            calm = calm + 1 if self.world.changes == changes else 0
            skip_ms = 50 if calm == 0 else 1000
            if calm > 2:
                skip_ms = max(50, self.charger.next_due_ms(self.up_ms))
            skip_ms = max(50, self.world.skip_ms(skip_ms))
            self.world.step(self.world.now_ms + min(left_ms, skip_ms), leased=True)

    def watch(self):
        """Law 1, at every step: energy may flow only inside a session (or where the charger is open)."""
        config = self.charger.connector._house.config.current
        if config.enabled or config.when_off == "locked":
            assert not self.world.permit_ma or self.charger.session, (
                "law 1: permit without a session"
            )

    # -- people

    def plug(self, demand_ma=16000, wh=None, phases=1):
        self.world.plug(32000, phases)
        self.world.demand(demand_ma, wh)
        self.run(0.2)

    def tap(self, uid):
        self.world.tap(uid)
        self.run(0.2)

    def unplug(self):
        self.world.unplug()
        self.run(2)

    def charge(self, uid, wh, rest_s=60):
        """A whole session: tap, plug, take `wh`, rest, leave. Returns its end record."""
        before = self.count("session_end")
        self.tap(uid)
        self.plug(16000, wh)
        self.run(wh * 3600 / 3680 + rest_s)
        self.unplug()
        assert self.count("session_end") == before + 1, "one session, one end"
        return self.last("session_end")

    # -- the service

    def send(self, leaf, message, use="down", typ=None, keys=None):
        message.setdefault("aud", CHARGER) if "aud" not in message else None
        payload = json.dumps(message).encode()
        token = bytes((keys or self.keys).sign(use, typ or leaf + "+jws", payload))
        self.charger.on_message(self.up_ms, leaf, token)
        self.pump()
        return token

    def config(self, **changes):
        self.version += 1
        message = self.config_message()
        message.update(changes)
        return self.send("config", message)

    def config_message(self):
        return {
            "aud": CHARGER,
            "version": self.version,
            "monthly_payment": {
                "enabled": True,
                "plan": "business",
                "actor": {"id": "u-9", "role": "superadmin"},
                "accepted_at": START_S,
            },
            "tariff": {
                "id": "T-1",
                "version": 1,
                "currency": "EUR",
                "components": [{"type": "ENERGY", "price": "0.40"}],
            },
            "timezone": "America/Los_Angeles",
        }

    def subscribe(self, cards, **more):
        """A whole new list. cards: {uid: members of put}."""
        self.list_version += 1
        self.cards = cards
        entries = self.entries()
        parts = (len(entries) + 19) // 20
        for n in range(parts):
            message = {
                "aud": CHARGER,
                "version": self.list_version,
                "base": None,
                "part": n + 1,
                "parts": parts,
                "put": entries[n * 20 : n * 20 + 20],
                "del": [],
                "sha256": list_hash(entries),
            }
            message.update(more)
            self.send("list", message)

    def entries(self):
        """The entries of all cards, in the order of a list."""
        entries = [self.entry(uid) for uid in self.cards]
        entries.sort(key=lambda put: ref_of(put["uid"]))
        return entries

    def entry(self, uid):
        return put_of(uid, self.cards[uid])

    def order(self, do, **members):
        self.n += 1
        message = {"aud": CHARGER, "n": self.n, "exp": self.now_s + 300, "id": "o-%d" % self.n}
        message["do"] = do
        message.update(members)
        self.send("order", message)
        return self.replies[-1]

    def pump(self):
        """What the link would do: carry messages up, and the acknowledgement down."""
        charger = self.charger
        if not self.world.network:
            return
        for _ in range(200):
            message = charger.take_message(self.up_ms)
            if message is None:
                break
            self.receive(message[0], message[1])

    def receive(self, leaf, payload):
        if leaf == "record":
            self.take_record(payload)
        elif leaf == "reply":
            self.replies.append(json.loads(payload))
            del self.replies[:-4]
        elif leaf == "ask":
            self.asks.append(self.opened("ask+jws", payload))
        elif leaf == "telemetry":
            self.telemetry = json.loads(payload)
        else:
            self.status = json.loads(payload)

    def opened(self, typ, token):
        """The payload of what came up, by the key that its header names."""
        header = json.loads(jws.decode_b64(token.split(b".")[0]))
        return self.rings[header["kid"]].verify("up", typ, token)

    def take_record(self, token):
        token = bytes(token)
        record = self.opened("record+jws", token)
        seq = record["seq"]
        digest = hashlib.sha256(token).digest()[:8]
        if seq in self.kinds:
            self.doubles += 1
            assert self._kept[seq][0] == digest, "law 5: record %d has other bytes" % seq
            return
        self.kinds[seq] = record["kind"]
        self._kept[seq] = (digest, jws.decode_b64(token.split(b".")[1]))
        if seq - KEPT in self._kept:
            self._kept[seq - KEPT] = (self._kept[seq - KEPT][0], None)
        if record["kind"] == "session_end":
            self.energy_wh += record["energy_wh"] or 0
        if self.acks:
            self.acknowledge()

    def acknowledge(self):
        upto = 0
        while upto + 1 in self.kinds:
            upto += 1
        rejected = [{"seq": s, "reason": self.reject[s]} for s in self.reject if s <= upto]
        message = {"aud": CHARGER, "upto": upto, "rejected": rejected}
        token = self.keys.sign("down", "ack+jws", json.dumps(message).encode())
        self.charger.on_message(self.up_ms, "ack", bytes(token))

    def payload(self, seq):
        """The JSON bytes of a record as they came."""
        return self._kept[seq][1]

    def of_kind(self, kind):
        return [json.loads(self.payload(s)) for s in sorted(self.kinds) if self.kinds[s] == kind]

    def count(self, kind):
        return len([s for s in self.kinds if self.kinds[s] == kind])

    def last(self, kind):
        return json.loads(self.payload(max(s for s in self.kinds if self.kinds[s] == kind)))

    def check_numbers(self):
        """Law 5: no gap, nothing that the service does not hold."""
        assert sorted(self.kinds) == list(range(1, len(self.kinds) + 1)), "law 5: a gap"
        assert self.charger.unsent == 0


def put_of(uid, members):
    """An entry of `put`."""
    put = {"uid": hex_of(uid), "type": "ISO14443", "user": "", "contract": "c", "group": ""}
    put.update({"status": "active", "until": None, "billing": "ppm", "proof": "uid"})
    put.update(members)
    return put


def ref_of(uid, kind="ISO14443"):
    """The ref that a list is ordered by. uid: hex."""
    key = jws.hmac_sha256(MASTER, b"ppm/v1/card")
    mac = jws.hmac_sha256(key, kind.encode(), b"|", binascii.unhexlify(uid))
    return binascii.hexlify(mac[:12]).decode()


def list_hash(entries):
    """The sha256 that a list's last part carries."""
    digest = hashlib.sha256()
    for e in sorted(entries, key=lambda e: ref_of(e["uid"], e["type"])):
        until = "" if e["until"] is None else str(e["until"])
        words = (ref_of(e["uid"], e["type"]), e["user"], e["contract"], e["group"], e["status"])
        digest.update(("|".join(words + (until, e["billing"], e["proof"])) + "\n").encode())
    return binascii.hexlify(digest.digest()).decode()
