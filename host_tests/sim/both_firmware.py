"""The firmware's small parts: uptime over wrapping ticks, watchdog, identity, chores, control."""

import asyncio
import json
import sys

from firmware.control import Control
from firmware.crash import carries, crash
from firmware.housekeeping import HOUR_MS, Housekeeping
from firmware.lister import BUSY_MS, IDLE_MS, Lister
from firmware.locked import Locked
from firmware.provisioning import PATH, NotProvisioned, check, identify, load, store
from firmware.silence import FIRST_MS, LONGEST_MS, Silence
from firmware.uptime import Uptime
from firmware.watchdog import Watchdog
from hal.mock.ports import (
    MockClock,
    MockIndicator,
    MockMeter,
    MockNetwork,
    MockPowerBoard,
    MockReader,
)
from hal.mock.volume import MemoryVolume
from hal.mock.world import World
from hal.ports import Board
from hal.volume import BrokenVolume

KEY = "00112233445566778899aabbccddeeff" * 2
IDENTITY = {"charger": "CH-1", "key": KEY, "host": "192.0.2.1", "port": 8883}


class Bench(Board):
    def __init__(self):
        self.world = world = World(start_unix=1700000000)
        self.power = MockPowerBoard(world)
        self.meter = MockMeter(world)
        self.reader = MockReader(world)
        self.clock = MockClock(world)
        self.indicator = MockIndicator()
        self.network = MockNetwork(world)
        self.fed = 0
        self.resets = []

    def feed_watchdog(self):
        self.fed += 1

    def reset(self, reason):
        self.resets.append(reason)


class Listener(Locked):
    """Writes down what it is told."""

    def __init__(self):
        self.heard = []

    def _hear(name):
        return lambda self, *what: self.heard.append((name,) + what[1:])

    on_vehicle = _hear("vehicle")
    on_card = _hear("card")
    on_fault = _hear("fault")
    on_contactor = _hear("contactor")
    on_time = _hear("time")
    on_silence = _hear("silence")

    def on_reading(self, up_ms, reading):
        self.heard.append(("reading", reading.register_wh if reading else None))

    def tick(self, up_ms):
        self.heard.append(("tick",))


def test_uptime_outlives_the_ticks():
    world = World()
    uptime = Uptime(MockClock(world, 2**30 - 1000))
    assert uptime.now_ms() == 0
    for day in range(1, 41):
        world.step(day * 86400000)
        assert uptime.now_ms() == day * 86400000


def test_uptime_never_goes_back():
    world = World()
    uptime = Uptime(MockClock(world))
    world.step(5000)
    assert uptime.now_ms() == 5000
    world.now_ms -= 100
    assert uptime.now_ms() == 5000


def test_the_watchdog_is_fed_only_when_every_task_gets_on():
    board = Bench()
    dog = Watchdog(board, ("control", "housekeeping"))
    assert not dog.check()
    dog.beat("control")
    assert not dog.check()
    dog.beat("housekeeping")
    assert dog.check() and board.fed == 1
    dog.beat("housekeeping")
    assert not dog.check() and board.fed == 1


def test_an_identity_is_kept():
    volume = MemoryVolume()
    store(volume, IDENTITY)
    for identity in (load(volume), identify(volume, None)):
        assert (identity.charger, identity.host, identity.port) == ("CH-1", "192.0.2.1", 8883)
        assert len(identity.key) == 32
    changes = volume.changes
    identify(volume, IDENTITY)
    assert volume.changes == changes


def test_a_missing_or_damaged_identity_is_said():
    volume = MemoryVolume()
    assert "no identity" in refusal(lambda: load(volume))
    store(volume, IDENTITY)
    good = volume.read(PATH)
    for i in range(len(good)):
        volume.write(PATH, good[:i] + bytes([good[i] ^ 1]) + good[i + 1 :])
        assert refusal(lambda: load(volume)), i
        volume.write(PATH, good[: i + 1])
        assert i + 1 == len(good) or refusal(lambda: load(volume)), i
    assert "cannot be read" in refusal(lambda: load(BrokenVolume("gone")))


def test_an_installer_is_told_what_is_wrong_and_the_key_is_not():
    for name, value in (
        ("charger", ""),
        ("charger", "a b"),
        ("charger", "x" * 33),
        ("charger", None),
        ("key", KEY[:-1]),
        ("key", KEY[:-1] + "g"),
        ("key", None),
        ("host", ""),
        ("host", 7),
        ("port", 0),
        ("port", True),
        ("port", "1883"),
    ):
        members = dict(IDENTITY)
        members[name] = value
        why = refusal(lambda m=members: check(m))
        assert why.startswith(name + ": ") and KEY[:32] not in why, json.dumps(members)


def test_a_charger_whose_flash_is_broken_still_knows_its_installers_identity():
    assert identify(BrokenVolume("gone"), IDENTITY).charger == "CH-1"


def test_control_tells_the_register_before_the_change():
    board, agent, control, uptime = running()
    control.step()
    assert agent.heard == [
        ("reading", 0),
        ("contactor", False),
        ("tick",),
    ]  # told at the first step
    agent.heard.clear()
    agent.permit_ma = 16000
    board.world.plug(16000)
    board.world.demand(16000)
    board.world.step(50)
    control.step()
    assert agent.heard == [("reading", 0), ("vehicle", "B"), ("tick",)]
    agent.heard.clear()
    board.world.step(100)
    control.step()
    assert agent.heard == [("reading", 0), ("vehicle", "C"), ("contactor", True), ("tick",)]


def test_control_reads_the_meter_once_a_second():
    board, agent, control, uptime = running()
    for step in range(40):
        board.world.step(step * 50)
        control.step()
    assert agent.heard.count(("reading", 0)) == 2
    assert agent.heard.count(("tick",)) == 40


def test_control_tells_cards_faults_and_a_silent_meter():
    board, agent, control, uptime = running()
    board.world.tap(b"\x04\x01\x02\x03")
    board.world.set_board_fault("ground")
    board.world.set_meter_fault("silent")
    control.step()
    assert agent.heard == [
        ("reading", None),
        ("fault", "ground"),
        ("contactor", False),
        ("card", "ISO14443", b"\x04\x01\x02\x03", b""),
        ("tick",),
    ]


def test_every_step_gives_the_agents_permit_and_nothing_else():
    board, agent, control, uptime = running()
    board.world.permit(16000)
    control.step()
    assert board.world.permit_ma == 0 and board.indicator.word == "locked"
    agent.permit_ma = 10000
    agent.indication = "charging"
    control.step()
    assert board.world.permit_ma == 10000 and board.indicator.word == "charging"


def test_the_time_is_fetched_at_once_then_hourly_and_sooner_after_a_failure():
    board, agent, control, uptime = running()
    chores = Housekeeping(board, agent, uptime)
    chores.step()
    assert agent.heard == [("time", 1700000000000, "S", "sntp")]
    board.world.step(HOUR_MS - 1)
    chores.step()
    assert len(agent.heard) == 1
    board.world.network = False
    board.world.step(HOUR_MS)
    chores.step()
    board.world.network = True
    board.world.step(HOUR_MS + 4999)
    chores.step()
    assert len(agent.heard) == 1
    board.world.step(HOUR_MS + 5000)
    chores.step()
    assert len(agent.heard) == 2


def test_a_silent_service_is_offered_everything_less_and_less_often():
    silence = Silence()
    assert not silence.over(1000, True, 3), "records that it has not heard of yet"
    waits = []
    passed_ms = 0
    while len(waits) < 9:
        passed_ms += 1000
        if silence.over(1000, True, 3):
            waits.append(passed_ms)
            passed_ms = 0
    assert waits[:3] == [FIRST_MS, 2 * FIRST_MS, 4 * FIRST_MS]
    assert waits[-2:] == [LONGEST_MS, LONGEST_MS]
    assert not silence.over(LONGEST_MS, True, 4), "one more is news"
    assert not silence.over(LONGEST_MS, True, 2), "the service is there"
    assert silence.over(FIRST_MS, True, 2)
    assert not silence.over(1, False, 2), "the session is gone"
    assert silence.left_ms == FIRST_MS


def test_an_implausible_time_is_none():
    board, agent, control, uptime = running()
    board.world.set_time(1000000000)
    Housekeeping(board, agent, uptime).step()
    assert agent.heard == []


def test_an_ordered_reset_is_done():
    board, agent, control, uptime = running()
    agent.reset_requested = True
    Housekeeping(board, agent, uptime).step()
    assert board.resets == ["order"]


def test_a_crash_withholds_what_may_be_the_number_of_a_card():
    uid = b"\x04\xa2AB"
    for text in (
        "bad frame %r" % uid,
        "bad frame %r" % bytearray(uid),
        "bad frame 04a24142",
        "bad frame 04:A2:41:42",
        "bad frame %r" % list(uid + b"\xff"),
        "bad frame 77742402",
        "b'ABCD' is no frame",
        "\x04\xa2",
    ):
        assert carries(text), text
    for text in (
        "a card too many",
        "[Errno 5] EIO",
        "memory allocation failed, allocating 65536 bytes",
        "",
    ):
        assert not carries(text), text


def test_a_crash_withdraws_the_permit_then_resets():
    board = Bench()
    board.power.permit(16000)
    crash(board, "control", ValueError("bad frame 04a24142"))
    assert board.world.permit_ma == 0 and board.resets == ["crash"]


def test_the_list_task_does_a_slice_at_a_time_and_rests_when_there_is_none():
    board, agent, control, uptime = running()
    agent.left = 0
    agent.busy = False

    def work(up_ms):
        agent.left -= 1
        agent.busy = agent.left > 0

    agent.work = work
    lister = Lister(agent, uptime)
    assert agent.has_worker and lister.step() == IDLE_MS
    agent.left, agent.busy = 2, True
    assert (lister.step(), agent.left) == (BUSY_MS, 1)
    assert (lister.step(), agent.left) == (BUSY_MS, 0)
    assert lister.step() == IDLE_MS


def running():
    board = Bench()
    agent = Listener()
    uptime = Uptime(board.clock)
    return board, agent, Control(board, agent, uptime, "A"), uptime


def refusal(call):
    try:
        call()
    except NotProvisioned as exc:
        return str(exc)
    return ""


class Selected:
    """Stands for boards.selected, which only an image has."""

    open_board = None


class Slow(Bench):
    """Meter and power board have answered after so many turns."""

    def __init__(self, meter_turns, power_turns):
        Bench.__init__(self)
        self.turns = 0
        self.meter_turns, self.power_turns = meter_turns, power_turns
        self.world.plug(32000)
        self.meter = self.power = self

    def attend(self):
        self.turns += 1

    def read(self):
        return True if self.turns >= self.meter_turns else None

    def vehicle(self):
        return "B" if self.turns >= self.power_turns else "F"

    async def wait_ms(self, ms):
        assert ms == 50


def test_the_first_look_waits_for_meter_and_power_board_and_not_for_ever():
    sys.modules["boards.selected"] = Selected
    try:
        from firmware.main import FIRST_TURNS, first_look
    finally:
        del sys.modules["boards.selected"]
    for meter, power, turns, vehicle in (
        (1, 1, 1, "B"),
        (7, 1, 7, "B"),
        (1, 7, 7, "B"),
        (99, 1, FIRST_TURNS, "B"),
        (1, 99, FIRST_TURNS, "F"),
    ):
        board = Slow(meter, power)
        assert asyncio.run(first_look(board)) == vehicle
        assert board.turns == turns
