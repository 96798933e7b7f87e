"""A whole session, from tap to record, with the agent above the real drivers and their simulated chips below."""

from agent.charger import Charger
from firmware.control import Control
from hal.meters.openevse import OpenEvseMeter
from hal.mock.buses import SimUart
from hal.mock.chips.openevse import OpenEvseChip
from hal.mock.chips.pilot_circuit import FACTS, PilotCircuit
from hal.mock.ports import MockClock
from hal.power.direct import Direct
from hal.power.openevse import BAUD, OpenEvse
from host_tests.scenarios.bench import ANNA, CHARGER, MASTER, Bench, MockBoard, Uptime

TURN_MS = 50
SETTLE_S = 6


class PowerBench(Bench):
    """Turns of 50 ms, none skipped."""

    chip = None

    def boot(self, online=True, clock=True):
        self.board = MockBoard(self.world)
        self.uptime = Uptime(self.world)
        self.charger = Charger(self.volume, CHARGER, MASTER, "test")
        self.fit()
        self.board.power.begin(self.volume)
        self.board.meter.begin(self.volume, *self.charger.kept_register)
        for _ in range(20):
            self.world.step(self.world.now_ms + TURN_MS)
            self.board.attend()
        vehicle = self.board.power.vehicle()
        self.control = Control(self.board, self.charger, self.uptime, vehicle)
        self.charger.boot(self.up_ms, vehicle, self.board.meter.read())
        self.link(online)
        if clock:
            self.set_clock()
        self.run(SETTLE_S)

    def run(self, seconds):
        for _ in range(int(seconds * 1000) // TURN_MS):
            self.world.step(self.world.now_ms + TURN_MS)
            self.control.step()
            self.pump()


class OpenEvseBench(PowerBench):
    def fit(self):
        if self.chip is None:
            self.chip = OpenEvseChip(self.world)
        uart = SimUart(lambda: self.world.now_ms, self.chip, BAUD)
        self.chip.uart = uart
        self.board.power = OpenEvse(uart, MockClock(self.world))
        self.board.meter = OpenEvseMeter(self.board.power, "EVSE-1")


class DirectBench(PowerBench):
    def fit(self):
        if self.chip is None:
            self.chip = PilotCircuit(self.world, gate=True, comparator=True)
        self.chip.relay_pin.value(0)
        self.chip.pwm.duty_u16(65535)
        self.board.power = Direct(self.chip.ports, FACTS, MockClock(self.world))


def session(bench):
    bench.world.plug(32000)
    bench.world.demand(16000)
    bench.run(5)
    assert bench.world.energy_uj == 0, "law 1"
    bench.tap(ANNA)
    bench.run(60)
    assert bench.world.closed and bench.charger.session
    return bench


def ended(bench):
    bench.world.unplug()
    bench.run(5)
    assert bench.count("session_begin") == bench.count("session_end") == 1
    end = bench.last("session_end")
    assert abs(end["energy_wh"] - bench.world.energy_uj // 3600000000) <= 2
    assert not bench.world.closed
    bench.check_numbers()
    return end


def test_a_session_over_an_openevse():
    ended(session(OpenEvseBench()))


def test_a_session_over_pilot_and_relay():
    ended(session(DirectBench()))


def test_an_openevse_that_boots_in_mid_session_splits_nothing():
    bench = session(OpenEvseBench())
    bench.chip.reboot()
    bench.run(30)
    assert bench.world.closed
    ended(bench)


def test_a_charger_that_boots_in_mid_session_counts_what_flowed_meanwhile():
    bench = session(OpenEvseBench())
    bench.world.step(bench.world.now_ms + 20000)  # it hangs, the controller goes on
    bench.boot()
    bench.run(30)
    end = ended(bench)
    assert end["energy_wh"] > 60


def test_a_tap_ends_it_and_the_vehicle_is_let_go():
    for kind in (OpenEvseBench, DirectBench):
        bench = session(kind())
        bench.world.stubborn = True
        bench.tap(ANNA)
        bench.run(8)
        assert not bench.world.closed
        bench.world.stubborn = False
        end = ended(bench)
        # Also what a vehicle drew that did not heed the end of the pilot's offer.
        assert end["stop_reason"] == "Local"


def test_a_fault_takes_the_permit():
    bench = session(DirectBench())
    bench.chip.trip()
    bench.run(1)
    assert bench.charger.permit_ma == 0 and bench.board.power.fault() == "residual_current"
    bench.chip.trip(False)
    bench.run(60)
    assert not bench.world.closed
    bench = session(OpenEvseBench())
    bench.chip.mute = True
    bench.run(3)
    assert bench.charger.permit_ma == 0 and not bench.world.closed
