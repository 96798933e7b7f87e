"""The bench with real drivers over simulated chips, which the simulator's own hardware fits and keeps alive.

Everything above them is the firmware's: its board's turns, its control task, the agent, the records.
"""

import gc

from agent.charger import Charger
from boards.sim.hardware import TURN_MS, Hardware
from firmware.control import Control
from hal.mock.world import UJ_PER_WH
from hal.ports import Board
from host_tests.scenarios.bench import CHARGER, MASTER, Bench, MockBoard, Uptime

if hasattr(gc, "mem_free"):
    gc.threshold(65536)  # chips make far more garbage than a charger, and take none of its heap

FIRST_TURNS = 60  # as firmware/main.py
TAP_S = 1  # a card is held to the reader
PLUG_S = 8  # the slowest power board has closed by then, a contactor's rest included
READ_S = 4  # the slowest meter has told all that flowed
OTHER_CARD = bytes((0x04, 1, 2, 3, 4, 5, 6))
# What is lost or too much of a register, Wh: whole Wh are told, and the last digit of an SDM630's float
SHORT_WH = {"sdm630": 1}
OWN_REGISTER = ("mock", "sdm630")  # others count from the charger's first day


class ChipBoard(MockBoard):
    """names: see boards.sim.hardware.Hardware."""

    def __init__(self, world, names):
        super().__init__(world)
        self.hardware = Hardware(world, names, "SIM-0001")
        for role in names:
            driver = getattr(self.hardware, role)
            if driver is not None:
                setattr(self, role, driver)

    def attend(self):
        if self.hardware.takes_turn():
            Board.attend(self)


class ChipBench(Bench):
    """A Bench whose charger has `names`. What a chip needs to notice a person is waited for."""

    names = {"meter": "mock", "reader": "mock", "power": "mock"}
    newest_wh = 0

    def boot(self, online=True, clock=True):
        board = self.board = ChipBoard(self.world, self.names)
        self.uptime = Uptime(self.world)
        self.charger = Charger(self.volume, CHARGER, MASTER, self.fw)
        board.power.begin(self.volume)
        board.meter.begin(self.volume, *self.charger.kept_register)
        for _ in range(FIRST_TURNS):
            board.attend()
            if board.meter.read() is not None and board.power.vehicle() != "F":
                break
            self.world.step(self.world.now_ms + TURN_MS)
        vehicle = board.power.vehicle()
        self.control = Control(board, self.charger, self.uptime, vehicle)
        self.charger.boot(self.up_ms, vehicle, board.meter.read())
        self.world.network = online
        self.newest_wh = 0
        if clock:
            self.set_clock()
        if online:
            self.link(True)
        self.run(PLUG_S)

    def run(self, seconds):
        world, board = self.world, self.board
        goal_ms = world.now_ms + int(seconds * 1000)
        while True:
            self.control.step()
            self.pump()
            self.watch()
            left_ms = goal_ms - world.now_ms
            if left_ms <= 0:
                return
            due_ms = self.charger.next_due_ms(self.up_ms)
            board.hardware.pass_ms(due_ms, left_ms, board.attend)

    def watch(self):
        """Laws 1 and 3, at every step: nothing flows outside a session, and a register is never wrong."""
        config = self.charger.connector._house.config.current
        if config.enabled or config.when_off == "locked":
            assert not self.world.current_ma() or self.charger.session, "law 1: energy, no session"
        reading = self.board.meter.read()
        if reading is not None:
            told_wh = reading.register_wh
            assert told_wh >= self.newest_wh, "law 3: it fell from %d to %d" % (
                self.newest_wh,
                told_wh,
            )
            most_wh = self.true_wh() + SHORT_WH.get(self.names["meter"], 0)
            assert told_wh <= most_wh, "law 3: %d told, %d at most" % (told_wh, most_wh)
            self.newest_wh = told_wh

    def true_wh(self):
        """What the meter's register should show."""
        if self.names["meter"] in OWN_REGISTER:
            return self.world.register_wh()
        return self.world.energy_uj // UJ_PER_WH

    def plug(self, demand_ma=16000, wh=None, phases=1):
        super().plug(demand_ma, wh, phases)
        self.run(PLUG_S)

    def unplug(self):
        super().unplug()
        self.run(READ_S)

    def tap(self, uid):
        self.world.tap(uid)
        if self.world.reader_fault == "two_cards":
            self.world.tap(OTHER_CARD)
        self.run(TAP_S)


def fitted(meter, reader, power):
    """The class of benches whose charger has these chips."""

    class Fitted(ChipBench):
        names = {"meter": meter, "reader": reader, "power": power}

    return Fitted


# Every meter, reader and power board stands in one of them.
SETS = (
    ("atm90e32", "pn532", "openevse"),
    ("bl0942", "mfrc522", "direct"),
    ("cse7766", "pn532_spi", "mock"),
    ("sdm630", "pn532_i2c", "direct"),
    ("openevse", "mfrc522", "openevse"),
)


def through(names, module, tests):
    """Run these scenarios of `module`, as they stand, on a charger that has these chips."""
    bench = module.Bench
    module.Bench = fitted(*names)
    try:
        for test in tests:
            print("%s: %s" % ("-".join(names), test))
            getattr(module, test)()
    finally:
        module.Bench = bench
