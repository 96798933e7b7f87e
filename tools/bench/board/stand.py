"""The bench stand: one charger over the mock hardware and a LittleFS volume, and a service that is quick.

Time is virtual: it moves to the next instant at which charger or world has something to do. Everything
goes through the charger's front door and the control task, as on a board.
"""

import binascii
import gc
import json

from agent import jws
from agent.charger import Charger
from firmware.control import Control
from hal.mock.ports import MockIndicator, MockMeter, MockNetwork, MockPowerBoard, MockReader
from hal.mock.world import World
from hal.ports import Board
from tools.bench.board.subscribing import UID, subscribe

START_S = 1614556800  # 2021-03-01T00:00:00Z
CHARGER = "CH-1"
MASTER = bytes(range(32))
HOUR_S = 3600
# a typical session: 3 h at 16 A on one phase, 8 h plugged
SESSION_S = 8 * HOUR_S
SESSION_WH = 11040
REGISTER_WH = 1234567
STEP_MS = 50


class MockBoard(Board):
    """The ports that control and link use."""

    def __init__(self, world):
        self.power = MockPowerBoard(world)
        self.meter = MockMeter(world)
        self.reader = MockReader(world)
        self.indicator = MockIndicator()
        self.network = MockNetwork(world)


class Stand:
    """volume: a hal volume; lived: how many typical sessions it has seen. `boot()` comes first.

    acks: whether the service names what it was sent. records: how many came. upto: the newest number.
    """

    def __init__(self, volume, lived=0):
        since_s = lived * SESSION_S + 24 * HOUR_S if lived else 0
        self.world = World(START_S + since_s, REGISTER_WH + lived * SESSION_WH)
        self.board = MockBoard(self.world)
        self.volume = volume
        self.keys = jws.Keys(MASTER)
        self.acks = True
        self.records = self.upto = self.record_bytes = 0
        self.refused = ""
        self._list_version = 1
        self._zero_ms = self.world.now_ms

    def now_ms(self):
        """Milliseconds since the boot; the control task's uptime."""
        return self.world.now_ms - self._zero_ms

    def boot(self, online=True):
        """Make the charger and boot it, as firmware/main.py does; the clock is set, the link up."""
        self._zero_ms = self.world.now_ms
        self.charger = Charger(self.volume, CHARGER, MASTER, "bench")
        vehicle = self.board.power.vehicle()
        self.control = Control(self.board, self.charger, self, vehicle)
        self.charger.boot(self.now_ms(), vehicle, self.board.meter.read())
        self.world.network = online
        self.charger.on_time(self.now_ms(), self.world.wall_ms(), "S", "sntp")
        if online:
            self.link(True)
        gc.collect()
        gc.threshold(gc.mem_free() // 2)  # as firmware/main.py

    def link(self, up):
        """The MQTT session is established or lost."""
        self.world.network = up
        self.charger.on_link(self.now_ms(), up)
        self.pump()

    def send(self, leaf, message):
        """A signed message of the service."""
        message["aud"] = CHARGER
        token = bytes(self.keys.sign(jws.DOWN, leaf + "+jws", json.dumps(message).encode()))
        self.charger.on_message(self.now_ms(), leaf, token)
        self.pump()

    def commission(self, entries=1, version=1):
        """Pay per month on, and a list of `entries` subscribers, the last of whom is `UID`."""
        self.send(
            "config",
            {
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
                    "components": [{"type": "ENERGY", "price": "0.40"}],
                },
                "access": {"list_max_age_s": 31536000},
                "timezone": "Europe/Stockholm",
            },
        )
        self._list_version = version
        subscribe(self, entries, version)
        self.run(2)

    def confirm_list(self):
        """The service says that its list is still the one in force: else it would be too old in a year."""
        message = {"version": self._list_version, "base": None, "part": 1, "parts": 1, "put": []}
        message["at"] = self.world.wall_ms() // 1000
        self.send("list", message)

    def journal_bytes(self):
        """Bytes of all segments of the journal."""
        return sum([self.volume.size(path) for path in self.segments()])

    def segments(self):
        """Their paths."""
        folders = ("journal", "journal/full")
        return [folder + "/" + name for folder in folders for name in self.volume.names(folder)]

    def pump(self):
        """What the link does: carry everything up, and the service's acknowledgement down."""
        charger = self.charger
        while self.world.network:
            message = charger.take_message(self.now_ms())
            if message is None:
                return
            if message[0] == "record":
                self._take_record(message[1])
            elif message[0] == "reply" and b'"refused"' in message[1]:
                self.refused = message[1].decode()

    def acknowledge(self):
        """Name everything that came."""
        token = self.keys.sign(
            jws.DOWN, "ack+jws", b'{"aud":"%s","upto":%d}' % (CHARGER.encode(), self.upto)
        )
        self.charger.on_message(self.now_ms(), "ack", bytes(token))

    def _take_record(self, token):
        self.records += 1
        self.record_bytes = len(token)
        seq = number_of(token)
        if seq == self.upto + 1 or not self.upto:
            self.upto = seq
        if self.acks:
            self.acknowledge()

    # -- time and people

    def run(self, seconds):
        """Let time pass in steps that end where something happens."""
        world = self.world
        goal_ms = world.now_ms + int(seconds * 1000)
        calm = 0
        while True:
            changes = world.changes
            self.control.step()
            self.pump()
            left_ms = goal_ms - world.now_ms
            if left_ms <= 0:
                return
            calm = calm + 1 if world.changes == changes else 0
            skip_ms = STEP_MS
            if calm > 2:
                skip_ms = max(STEP_MS, self.charger.next_due_ms(self.now_ms()))
            elif calm:
                skip_ms = 1000
            skip_ms = max(STEP_MS, world.skip_ms(skip_ms))
            world.step(world.now_ms + min(left_ms, skip_ms), leased=True)

    def stride(self, seconds, by_s):
        """As `run`, but the charger is asked only every `by_s`: what it does in between is left out."""
        world = self.world
        for _ in range(seconds // by_s):
            world.step(world.now_ms + by_s * 1000, leased=True)
            self.control.step()
            self.pump()

    def begin(self, wh, uid=UID):
        """Tap and plug; the vehicle will take `wh`. Raises when no session begins."""
        self.world.tap(uid)
        self.run(0.2)
        self.world.plug(32000, 1)
        self.world.demand(16000, wh)
        self.run(0.2)
        if not self.charger.session:
            raise RuntimeError("no session: " + self.charger.indication)

    def leave(self):
        """Unplug and let the session end."""
        self.world.unplug()
        self.run(5)
        if self.charger.session:
            raise RuntimeError("the session did not end")


def number_of(token):
    """The record's number, from the beginning of its payload."""
    at = token.find(b".") + 1
    text = bytes(token[at : at + 160]).replace(b"-", b"+").replace(b"_", b"/")
    body = binascii.a2b_base64(text)
    at = body.find(b'"seq":') + 6
    return int(body[at : body.find(b",", at)])
