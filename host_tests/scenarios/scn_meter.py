"""Law 3 in the corners: a wrong register that lasts, comes late, or comes with a boot."""

from host_tests.scenarios.bench import ANNA, Bench


def charging(bench, seconds=1800):
    bench.tap(ANNA)
    bench.plug()
    bench.run(seconds)


def test_law_3_a_zero_at_boot_never_becomes_the_begin_register():
    bench = Bench(register_wh=30000)
    bench.charge(ANNA, 100)
    bench.world.set_meter_fault("zero")
    bench.power_cut(10)
    bench.run(5)
    bench.tap(ANNA)
    assert bench.last("access_refused")["reason"] == "meter_fault"
    bench.plug()
    bench.run(60)
    assert bench.world.register_wh() == 30100
    bench.world.set_meter_fault("")
    bench.run(5)
    bench.unplug()
    assert bench.charge(ANNA, 500)["energy_wh"] == 500


def test_law_3_a_reset_meter_is_accepted_late_and_its_sessions_are_flagged():
    bench = Bench(register_wh=30000)
    bench.charge(ANNA, 100)
    bench.world.set_meter_fault("zero")
    bench.run(700)
    assert bench.last("meter_anomaly")["flag"] == "meter_backward"
    end = bench.charge(ANNA, 0)
    assert "meter_unsettled" in end["flags"]
    bench.world.set_meter_fault("")
    bench.run(60)
    bench.tap(ANNA)
    assert bench.last("access_refused")["reason"] == "meter_fault"


def test_law_3_a_jump_does_not_become_plausible_by_waiting():
    bench = Bench()
    charging(bench, 3600)
    bench.world.set_meter_fault("jump", 20000)
    bench.run(6 * 3600)
    assert not bench.world.closed
    bench.world.unplug()
    bench.run(60)
    end = bench.last("session_end")
    assert end["energy_wh"] is None and "meter_implausible" in end["flags"]


def test_law_3_a_meter_silent_at_boot_is_compared_when_it_speaks():
    bench = Bench()
    charging(bench)
    bench.world.meter_base_wh = -500
    bench.world.set_meter_fault("silent")
    bench.power_cut(60)
    bench.run(2)
    bench.world.set_meter_fault("")
    bench.run(60)
    bench.world.unplug()
    bench.run(60)
    end = bench.last("session_end")
    assert end["energy_wh"] is None and "meter_backward" in end["flags"]


def test_law_3_a_meter_found_frozen_is_not_forgotten_in_the_dark():
    bench = Bench()
    charging(bench, 600)
    bench.world.set_meter_fault("frozen")
    bench.run(600)
    bench.power_cut(900)
    bench.run(60)
    bench.unplug()
    end = bench.last("session_end")
    assert end["energy_wh"] is None and "meter_frozen" in end["flags"]


def test_law_3_a_limit_lowered_in_the_session_makes_nothing_implausible():
    bench = Bench()
    bench.config(limit_ma=63000)
    bench.tap(ANNA)
    bench.world.plug(63000, 3)
    bench.world.demand(63000)
    bench.run(3600)
    bench.config(limit_ma=16000)
    bench.run(60)
    bench.unplug()
    assert bench.last("session_end")["energy_wh"] == bench.world.register_wh()


def test_law_3_flapping_mains_lose_no_energy():
    bench = Bench()
    bench.config(limit_ma=32000)
    bench.tap(ANNA)
    bench.world.plug(32000, 3)
    bench.world.demand(32000)
    bench.run(1)
    for _ in range(40):
        bench.run(15)
        bench.power_cut(5)
    bench.run(5)
    bench.unplug()
    assert bench.last("session_end")["energy_wh"] == bench.world.register_wh()
    assert bench.count("session_end") == 1


def test_energy_between_two_sessions_is_a_record_of_its_own():
    bench = Bench()
    bench.charge(ANNA, 500)
    bench.world.meter_base_wh += 60
    bench.run(60)
    bench.charge(ANNA, 500)
    gap = bench.last("meter_anomaly")
    assert gap["flag"] == "register_gap"
    assert (gap["before_wh"], gap["after_wh"]) == (500, 560)
    assert bench.last("session_end")["energy_wh"] == 500


def test_a_flapping_fault_does_not_fill_the_store():
    bench = Bench()
    before = len(bench.kinds)
    for _ in range(200):
        bench.world.set_board_fault("ground")
        bench.run(0.1)
        bench.world.set_board_fault("")
        bench.run(0.1)
    assert len(bench.kinds) - before <= 20


def test_law_3_a_step_in_the_session_is_not_forgotten_in_the_dark():
    bench = Bench(boot=False, register_wh=70000)
    bench.world.set_meter_fault("backward")
    bench.boot()
    bench.commission()
    charging(bench, 600)
    bench.world.set_meter_fault("")
    bench.run(60)
    bench.power_cut(600)
    bench.run(60)
    bench.world.unplug()
    bench.run(60)
    end = bench.last("session_end")
    assert end["energy_wh"] is None and "meter_implausible" in end["flags"], end
