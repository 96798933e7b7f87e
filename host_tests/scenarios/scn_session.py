"""A session from tap to record: laws 2, 3, 4, 11, 13 and 14."""

from host_tests.scenarios.bench import ANNA, BO, CARL, Bench


def test_law_2_the_begin_record_is_durable_before_the_permit():
    bench = Bench()
    held = []
    permit = bench.world.permit

    def watched(limit_ma):
        if limit_ma and not held:
            held.append([r for r in bench.volume.files if r.startswith("journal/")])
            assert (
                bench.charger.connector.session.begin_seq
                == bench.charger.connector._house.ledger.last
            )
        permit(limit_ma)

    bench.world.permit = watched
    bench.tap(ANNA)
    bench.plug()
    assert held, "the permit was given"


def test_law_2_no_begin_record_no_permit():
    bench = Bench()
    bench.tap(ANNA)
    bench.volume.fail_next = 28
    bench.plug()
    bench.run(30)
    assert bench.world.energy_uj == 0
    assert bench.charger.connector.session is None


def test_law_3_energy_is_the_register_difference():
    bench = Bench(register_wh=2935600)
    end = bench.charge(ANNA, 29500)
    assert (end["reg_begin_wh"], end["reg_end_wh"]) == (2935600, 2965100)
    assert end["energy_wh"] == 29500
    assert end["meter"] == {"serial": "SIM-0001", "source": "internal"}


def test_law_3_a_silent_meter_stops_energy_and_is_never_a_number():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(600)
    bench.world.set_meter_fault("silent")
    bench.run(20)
    assert not bench.world.closed, "no energy without a meter"
    before = bench.world.energy_uj
    bench.run(600)
    assert bench.world.energy_uj == before
    bench.world.unplug()
    bench.run(60)
    end = bench.last("session_end")
    assert end["energy_wh"] is None and end["reg_end_wh"] is None
    assert "meter_missing" in end["flags"]


def test_law_3_a_meter_that_comes_back_costs_no_watt_hour():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug(wh=4000)
    bench.run(600)
    bench.world.set_meter_fault("silent")
    bench.run(60)
    bench.world.set_meter_fault("")
    bench.run(4000)
    bench.unplug()
    end = bench.last("session_end")
    assert end["energy_wh"] == 4000
    assert 50 <= end["seconds"]["evse_suspended"] <= 60


def broken_at_end(fault, flag):
    bench = Bench(register_wh=5000)
    bench.tap(ANNA)
    bench.plug()
    bench.run(1200)
    true_wh = bench.world.register_wh()
    bench.world.set_meter_fault(fault)
    bench.run(120)
    bench.world.unplug()
    bench.run(60)
    end = bench.last("session_end")
    assert end["energy_wh"] is None, end
    assert flag in end["flags"], end["flags"]
    assert end["reg_begin_wh"] == 5000 and end["reg_end_wh"] is not None, "both raw values"
    assert bench.last("meter_anomaly")["flag"] == flag
    assert bench.world.register_wh() - true_wh < 50, "energy stops soon"
    bench.check_numbers()


def test_law_3_a_backward_meter_is_a_flag():
    broken_at_end("backward", "meter_backward")


def test_law_3_a_zeroed_meter_is_a_flag():
    broken_at_end("zero", "meter_backward")


def test_law_3_a_jumping_meter_is_a_flag():
    broken_at_end("jump", "meter_implausible")


def test_law_3_a_replaced_meter_is_a_flag():
    broken_at_end("serial", "meter_replaced")


def test_law_3_a_frozen_meter_stops_energy_and_is_a_flag():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(600)
    bench.world.set_meter_fault("frozen")
    bench.run(600)
    assert not bench.world.closed
    bench.unplug()
    end = bench.last("session_end")
    assert end["energy_wh"] is None and "meter_frozen" in end["flags"]


def test_law_3_a_brief_zero_changes_nothing():
    bench = Bench(register_wh=70000)
    bench.tap(ANNA)
    bench.plug(wh=3000)
    bench.run(300)
    bench.world.set_meter_fault("zero")
    bench.run(2)
    bench.world.set_meter_fault("")
    bench.run(4000)
    bench.unplug()
    end = bench.last("session_end")
    assert end["energy_wh"] == 3000
    assert bench.count("meter_anomaly") == 1


def test_law_4_pauses_faults_and_a_dead_network_are_one_session():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug(wh=6000)
    for _ in range(4):
        bench.run(300)
        bench.world.demand(0)
        bench.run(120)
        bench.world.demand(16000)
        bench.world.set_board_fault("over_temperature")
        bench.run(60)
        bench.world.set_board_fault("")
        bench.link(False)
        bench.run(60)
        bench.link(True)
    bench.unplug()
    assert bench.count("session_begin") == 1
    end = bench.of_kind("session_end")
    assert len(end) == 1
    assert end[0]["energy_wh"] == bench.world.register_wh()
    assert end[0]["seconds"]["evse_suspended"] >= 230
    bench.check_numbers()


def test_law_11_terms_are_latched_at_the_start():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(600)
    tariff = bench.config_message()["tariff"]
    tariff["version"] = 2
    bench.config(tariff=tariff)
    bench.subscribe({ANNA: {"user": "anna-2", "contract": "new", "billing": "free"}})
    bench.run(600)
    bench.unplug()
    begin, end = bench.last("session_begin"), bench.last("session_end")
    for name in ("user", "contract", "group", "billing", "tariff", "list_version", "token"):
        assert end[name] == begin[name], name
    assert end["tariff"] == {"id": "T-1", "version": 1}
    assert end["user"] == "anna"
    after = bench.charge(ANNA, 500)
    assert (after["user"], after["billing"], after["tariff"]["version"]) == ("anna-2", "free", 2)


def test_law_13_the_times_are_apart_and_add_up():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(1800)
    bench.config(limit_ma=0)  # the charger withholds for two hours
    bench.run(7200)
    bench.config(limit_ma=16000)
    bench.run(1800)
    bench.world.demand(0)  # the vehicle is full for five hours
    bench.run(18000)
    bench.unplug()
    seconds = bench.last("session_end")["seconds"]
    assert seconds["connected"] == sum(seconds[k] for k in seconds if k != "connected")
    assert abs(seconds["charging"] - 3600) <= 2, seconds
    assert abs(seconds["evse_suspended"] - 7200) <= 2, seconds
    assert abs(seconds["ev_suspended"] - 18000) <= 3, seconds
    assert seconds["outage"] == 0


def test_law_14_a_session_of_nothing_is_still_a_record():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug(0)
    bench.run(20)
    bench.unplug()
    end = bench.last("session_end")
    assert end["energy_wh"] == 0 and "zero_energy" in end["flags"]


def test_own_card_stops_and_the_time_until_unplug_is_the_vehicles():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(600)
    bench.tap(ANNA)
    assert not bench.world.closed
    bench.run(3600)
    bench.unplug()
    end = bench.last("session_end")
    assert end["stop_reason"] == "Local"
    assert end["seconds"]["ev_suspended"] >= 3600
    assert end["t_unplug"]["t"] - end["t_stop"]["t"] >= 3600


def test_another_card_neither_stops_nor_takes_over_but_one_of_the_group_stops():
    bench = Bench()
    cards = {
        ANNA: {"user": "anna", "group": "g"},
        BO: {"user": "bo"},
        CARL: {"user": "c", "group": "g"},
    }
    bench.subscribe(cards)
    bench.tap(ANNA)
    bench.plug()
    bench.run(60)
    bench.tap(BO)
    assert bench.world.closed
    assert bench.last("access_refused")["reason"] == "busy"
    bench.tap(CARL)
    assert not bench.world.closed
    bench.unplug()
    end = bench.last("session_end")
    assert end["user"] == "anna" and end["stop_reason"] == "Local"


def test_a_new_tap_after_a_stop_begins_a_new_session_of_the_one_who_tapped():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(600)
    bench.tap(ANNA)
    bench.run(60)
    middle = bench.world.register_wh()
    bench.tap(BO)
    bench.run(600)
    bench.unplug()
    ends = bench.of_kind("session_end")
    assert [e["user"] for e in ends] == ["anna", "bo"]
    assert ends[0]["reg_end_wh"] == middle == ends[1]["reg_begin_wh"]
    assert ends[0]["t_unplug"] is None and "unplug_unseen" in ends[0]["flags"]
    assert sum(e["energy_wh"] for e in ends) == bench.world.register_wh()


def test_a_tap_without_a_vehicle_lapses():
    bench = Bench()
    bench.tap(ANNA)
    assert bench.status["state"] == "authorized"
    bench.run(70)
    assert bench.status["state"] == "available"
    bench.plug()
    bench.run(60)
    assert bench.world.energy_uj == 0


def test_an_unplug_without_a_tap_locks_for_the_next_vehicle():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(60)
    bench.unplug()
    before = bench.world.energy_uj
    bench.plug()
    bench.run(600)
    assert bench.world.energy_uj == before
    assert bench.last("session_end")["stop_reason"] == "EVDisconnected"


def test_double_taps_do_not_stop_what_they_started():
    bench = Bench()
    bench.plug()
    bench.tap(ANNA)
    bench.tap(ANNA)
    bench.run(10)
    assert bench.world.closed


def test_every_pilot_fault_withholds_and_the_session_survives():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(60)
    for state in "DEF":
        bench.world.set_pilot_fault(state)
        bench.run(10)
        assert not bench.world.closed
        assert bench.status["state"] == "suspended_evse"
        bench.world.set_pilot_fault("")
        bench.run(10)
        assert bench.world.closed
    bench.unplug()
    assert bench.count("session_end") == 1


def test_samples_lie_on_the_quarter_hours():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(4 * 3600)
    bench.unplug()
    end = bench.last("session_end")
    clock = [s for s in end["samples"] if s[2] == "clock"]
    assert len(clock) in (15, 16)
    for offset_s, register_wh, _ in clock:
        assert (end["t_start"]["t"] + offset_s + 1) % 900 <= 2
        assert end["reg_begin_wh"] <= register_wh <= end["reg_end_wh"]
    assert end["samples"][0][2] == "begin" and end["samples"][-1][2] == "end"


def test_a_session_of_days_thins_its_samples_and_keeps_its_energy():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug(6000)
    bench.run(4 * 86400)
    bench.unplug()
    end = bench.last("session_end")
    assert len(end["samples"]) <= 114 and "samples_thinned" in end["flags"]
    assert end["energy_wh"] == bench.world.register_wh()


def test_law_13_a_contactor_that_does_not_close_is_no_charging_and_no_flapping():
    bench = Bench()
    bench.world.set_contactor_fault("stuck_open")
    bench.tap(ANNA)
    bench.plug()
    bench.run(3600)
    bench.unplug()
    seconds = bench.last("session_end")["seconds"]
    assert seconds["charging"] == 0 and seconds["ev_suspended"] <= 1, seconds
    assert bench.count("fault") <= 20
