"""A contactor that does not open: who pays for what flows, and who may begin."""

from host_tests.scenarios.bench import ANNA, BO, Bench


def test_a_welded_contactor_is_reported_and_nobody_may_begin():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(60)
    bench.world.set_contactor_fault("weld")
    bench.tap(ANNA)
    bench.run(5)
    assert "welded" in bench.status["faults"]
    assert bench.last("fault")["fault"] == "welded"
    bench.world.unplug()
    bench.run(60)
    assert "contactor_stuck" in bench.last("session_end")["flags"]
    bench.tap(BO)
    assert bench.last("access_refused")["reason"] == "faulted"


def test_law_1_energy_through_a_weld_that_hides_the_vehicle_is_nobodys():
    for stopped in (True, False):
        bench = Bench()
        bench.tap(ANNA)
        bench.plug()
        bench.run(600)
        bench.world.set_contactor_fault("weld")
        if stopped:
            bench.tap(ANNA)
        else:
            bench.world.set_board_fault("welded")
        bench.world.set_pilot_fault("F")
        bench.run(60)
        end = bench.last("session_end")
        assert end["stop_reason"] == ("Local" if stopped else "Other")
        assert "contactor_stuck" in end["flags"]
        billed_wh = end["energy_wh"]
        bench.world.unplug()
        bench.run(60)
        bench.plug()  # of somebody else: it charges without a permit, and Anna does not pay
        bench.run(3600)
        assert bench.count("session_end") == 1 and bench.energy_wh == billed_wh
        assert bench.world.register_wh() > billed_wh + 1000
        bench.world.set_board_fault("")
        bench.world.set_contactor_fault("")
        bench.world.set_pilot_fault("")
        bench.unplug()
        bench.run(60)
        bench.charge(ANNA, 100)
        assert bench.last("meter_anomaly")["flag"] == "register_gap"
