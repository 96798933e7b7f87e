"""The power board without a controller: its timings, and what it does about every fault."""

from hal.mock.chips.pilot_circuit import PLUG_MV
from hal.mock.world import World
from hal.power import direct
from host_tests.hal.direct_bench import Bench
from host_tests.hal.power_bench import TURN_MS


def test_a_permit_closes_after_the_vehicle_has_asked_for_500_ms():
    bench = Bench().ready()
    bench.world.plug(32000)
    bench.permit_ma = 16000
    bench.turns(1000)
    assert bench.told() == ("B", False, "")
    bench.world.demand(32000)
    assert 500 <= bench.until(lambda: bench.world.closed) <= 3000
    bench.turns(2000)
    assert (bench.told(), bench.world.current_ma()) == (("C", True, ""), 16020)


def test_nothing_without_a_permit():
    bench = Bench().ready()
    bench.world.plug(32000)
    bench.world.demand(32000)
    bench.world.stubborn = True
    assert bench.turns(20000) == 0 and bench.power.vehicle() == "C"


def test_a_blip_of_250_ms_never_closes():
    bench = Bench().ready()
    bench.world.plug(32000)
    bench.permit_ma = 16000
    bench.turns(6000)
    for _ in range(20):
        bench.world.demand(16000)
        assert bench.turns(250) == 0
        bench.world.demand(0)
        assert bench.turns(250) == 0
    assert bench.power.fault() == ""


def test_a_vehicle_that_stops_asking_opens_in_the_turn_that_sees_it():
    for stop in (lambda world: world.demand(0), lambda world: world.unplug()):
        bench = Bench().charge()
        bench.world.step(bench.world.now_ms + 1)  # the longest: just after a turn
        stop(bench.world)
        since_ms = bench.world.now_ms
        while bench.world.closed:
            bench.turn()
        # With turns of 50 ms. A turn that is late is late here too: see the next test.
        assert bench.world.now_ms - since_ms <= 2 * TURN_MS


def test_what_hardware_does_when_there_are_no_turns():
    bench = Bench().charge()
    bench.world.demand(0)
    bench.world.step(bench.world.now_ms + 60000)
    assert bench.world.closed  # software alone does nothing while it hangs
    bench = Bench(comparator=True).charge()
    bench.world.demand(0)
    bench.world.step(bench.world.now_ms + 100)
    assert not bench.world.closed
    bench = Bench(gate=True).charge()
    bench.world.step(bench.world.now_ms + 1001)
    assert not bench.world.closed


def test_with_the_hardware_a_vehicle_that_pauses_is_no_fault():
    bench = Bench(gate=True, comparator=True).charge()
    for _ in range(3):
        bench.world.demand(0)
        bench.turns(2000)
        assert bench.told() == ("B", False, "")
        bench.world.demand(16000)
        bench.until(lambda: bench.world.closed)
        bench.turns(2000)
        assert bench.told() == ("C", True, "")


def test_a_stopped_vehicle_may_stop_by_itself():
    bench = Bench().charge()
    bench.permit_ma = 0
    bench.power.permit(0)
    assert bench.circuit.pwm.duty_u16() == 65535  # at once
    assert bench.until(lambda: not bench.world.closed) <= 2 * TURN_MS


def test_a_vehicle_that_ignores_it_is_opened_under_load_after_6_s():
    bench = Bench().charge()
    bench.world.stubborn = True
    bench.permit_ma = 0
    assert 6000 <= bench.until(lambda: not bench.world.closed) <= 6100
    assert bench.turns(20000) == 0


def test_the_lease_opens_at_once():
    bench = Bench().charge()
    bench.world.stubborn = True
    closed = bench.turns(5000, leased=False)
    assert 1900 <= closed <= 2100


def test_the_duty_changes_at_most_every_5_s():
    bench = Bench().charge(32000, 10000)
    bench.turns(5000)
    changes = []
    duty = bench.circuit.pwm.duty_u16()
    for i in range(400):
        bench.permit_ma = 10000 + i * 50
        bench.turn()
        if bench.circuit.pwm.duty_u16() != duty:
            duty = bench.circuit.pwm.duty_u16()
            changes.append(bench.world.now_ms)
    assert len(changes) >= 3
    assert min([b - a for a, b in zip(changes, changes[1:])]) >= 5000


def test_five_seconds_between_two_closings():
    bench = Bench().charge()
    bench.world.demand(0)
    bench.turns(200)
    bench.world.demand(16000)
    assert 4700 <= bench.until(lambda: bench.world.closed) <= 5100


def faulted(bench, word):
    """Opened, said, and the pilot at F for 300 ms."""
    bench.until(lambda: bench.power.fault(), 1500)
    assert (bench.power.fault(), bench.world.closed) == (word, False)
    since_ms = bench.world.now_ms
    while bench.circuit.pwm.duty_u16() == 0:
        bench.turn()
        if word == "welded" and bench.world.now_ms - since_ms > 5000:
            return
    assert bench.world.now_ms - since_ms >= 300


def test_ventilation_is_refused():
    bench = Bench().charge()
    bench.world.set_pilot_fault("D")
    assert bench.turns(10000) == 0
    assert bench.told() == ("D", False, "")


def test_a_pilot_that_is_short_or_between_the_bands():
    for mv in (1334, 110, 1500, 1750, 2090, 2400):
        bench = Bench().charge()
        bench.circuit.between_mv = mv
        bench.turn()
        assert (mv, bench.world.closed) == (mv, False)
        faulted(bench, "pilot")
        assert bench.turns(40000) == 0 and bench.power.fault() == "pilot"
        bench.circuit.between_mv = None
        bench.permit_ma = 0
        bench.turns(1000)
        assert bench.power.fault() == ""
        bench.permit_ma = 16000
        bench.turns(8000)
        assert (mv, bench.world.closed) == (mv, True)


def test_30_s_after_an_error():
    bench = Bench().charge()
    bench.circuit.between_mv = 1500
    bench.turns(1000)
    bench.circuit.between_mv = None
    assert 28500 <= bench.until(lambda: bench.world.closed, 40000) <= 31000


def test_a_missing_diode_is_found_before_closing():
    bench = Bench().ready()
    bench.circuit.diode = False
    bench.world.plug(32000)
    bench.world.demand(16000)
    bench.permit_ma = 16000
    assert bench.turns(100000) == 0
    assert bench.power.fault() == "pilot" and bench.world.energy_uj == 0


def test_a_diode_that_breaks_while_charging():
    bench = Bench().charge()
    bench.circuit.diode = False
    faulted(bench, "pilot")


def test_a_weld_is_latched_and_survives_a_boot():
    bench = Bench().charge()
    bench.world.set_contactor_fault("weld")
    bench.permit_ma = 0
    bench.world.demand(0)
    bench.turns(900)
    assert bench.power.fault() == ""
    bench.turns(1000)
    assert bench.told() == ("F", True, "welded")
    bench.turns(60000)
    assert bench.power.fault() == "welded" and bench.circuit.pwm.duty_u16() == 0
    # It comes loose while nobody looks: still nobody has been there.
    bench.world.set_contactor_fault("")
    bench.boot()
    bench.turns(3000)
    assert bench.told() == ("F", False, "welded")
    bench.power.reset_latched()
    bench.turns(40000)
    assert bench.power.fault() == ""
    bench.boot()
    bench.turns(3000)
    assert bench.power.fault() == ""


def test_a_weld_is_found_at_boot_without_the_volume():
    bench = Bench().charge()
    bench.world.set_contactor_fault("weld")
    bench.boot()
    bench.power.begin(Bench().volume)
    bench.permit_ma = 16000
    bench.turns(1500)
    assert bench.power.fault() == "welded"
    assert bench.circuit.relay_pin.value() == 0


def test_a_contactor_that_does_not_close():
    bench = Bench().ready()
    bench.world.set_contactor_fault("stuck_open")
    bench.world.plug(32000)
    bench.world.demand(16000)
    bench.permit_ma = 16000
    bench.until(lambda: bench.power.fault() == "stuck_open")
    bench.turns(500)
    assert bench.circuit.relay_pin.value() == 0


def test_a_residual_current_is_latched():
    bench = Bench().charge()
    bench.circuit.trip()
    assert not bench.world.closed  # by hardware
    faulted(bench, "residual_current")
    bench.circuit.trip(False)
    bench.world.unplug()
    bench.boot()
    bench.turns(60000)
    assert bench.told() == ("A", False, "residual_current")
    bench.power.reset_latched()
    bench.turns(40000)
    assert bench.power.fault() == ""


def test_the_rcd_is_tested_in_a_only_after_each_vehicle_and_once_a_day():
    bench = Bench().ready()
    assert bench.circuit.tests == 1
    bench.world.plug(32000)
    bench.turns(10000)
    assert bench.circuit.tests == 1
    bench.world.unplug()
    bench.turns(5000)
    assert (bench.circuit.tests, bench.told()) == (2, ("A", False, ""))
    bench.power._rcd._last_ms -= 24 * 3600 * 1000
    bench.turns(5000)
    assert bench.circuit.tests == 3


def test_an_rcd_that_fails_its_test():
    bench = Bench()
    bench.circuit.rcd_dead = True
    bench.turns(6000)
    assert bench.power.fault() == "internal"
    bench.world.plug(32000)
    bench.world.demand(16000)
    bench.permit_ma = 16000
    assert bench.turns(60000) == 0
    bench.world.unplug()
    bench.circuit.rcd_dead = False
    bench.turns(40000)
    assert bench.told() == ("A", False, "")


def test_proximity():
    for ohm in sorted([ohm or 0 for ohm in PLUG_MV]):
        bench = Bench().ready()
        bench.circuit.plug_ohm = ohm
        bench.world.plug(80000)
        bench.world.demand(80000)
        bench.permit_ma = 80000
        closed = bench.turns(10000)
        if ohm:
            coded = {1500: 13000, 680: 20000, 220: 32000, 100: 63000}[ohm]
            assert abs(bench.world.current_ma() - coded) <= 30
        else:
            assert (closed, bench.power.fault()) == (0, "pilot")
    bench = Bench().ready()
    bench.circuit.plug_ohm = None
    bench.world.plug(80000)
    bench.world.demand(80000)
    bench.permit_ma = 16000
    assert (bench.turns(10000), bench.power.fault()) == (0, "pilot")


def test_heat():
    bench = Bench().charge(32000, 32000)
    bench.circuit.ntc_mv = 900
    bench.turns(6000)
    assert abs(bench.world.current_ma() - 19000) <= 30
    bench.circuit.ntc_mv = 3300  # no sensor
    bench.turns(6000)
    assert bench.world.current_ma() == 6000
    bench.circuit.ntc_mv = 790
    faulted(bench, "over_temperature")
    bench.circuit.ntc_mv = 900
    assert bench.turns(60000) == 0 and bench.power.fault() == "over_temperature"
    bench.circuit.ntc_mv = 2000
    bench.until(lambda: bench.world.closed)


def test_an_adc_that_fails():
    bench = Bench(gate=True).charge()
    bench.circuit.broken = True
    bench.turns(300)
    assert (bench.power.fault(), bench.world.closed) == ("internal", False)
    assert bench.turns(40000) == 0
    bench.circuit.broken = False
    bench.until(lambda: bench.power.fault() == "")


def test_it_boots_with_a_vehicle():
    bench = Bench().charge()
    bench.boot()
    assert not bench.world.closed
    assert bench.power.vehicle() == "F"
    bench.until(lambda: bench.world.closed)
    assert bench.told()[2] == ""


def test_the_table_is_whole():
    for state, event in direct._NEXT:
        assert state in direct._OUTPUTS and direct._NEXT[(state, event)] in direct._OUTPUTS
    closing = [key for key in direct._NEXT if direct._OUTPUTS[direct._NEXT[key]][0]]
    assert sorted(closing) == [("charge", "forbid"), ("offer", "ready")]
    assert direct.worst_turn_reads() == (4, 6)
    assert World().controller is None


def test_another_cable_within_a_turn_is_another_code():
    bench = Bench().ready()
    bench.world.plug(32000)
    bench.permit_ma = 32000
    bench.turns(1000)
    bench.world.unplug()
    bench.turn()
    bench.circuit.plug_ohm = 0
    bench.world.plug(32000)
    bench.world.demand(32000)
    assert bench.turns(10000) == 0
    assert bench.power.fault() == "pilot"
