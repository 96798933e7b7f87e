"""Law 18: the month is closed on the charger, also after being dark over its end; and law 6, a full store."""

from agent import calendar
from hal.mock.volume import PowerCut
from host_tests.scenarios.bench import ANNA, BO, START_S, Bench

DAY_S = 86400
# Los Angeles: winter, and daylight saving from 14 March 2021, 02:00 local
RULES = [{"from": 0, "offset_s": -28800}, {"from": 1615716000, "offset_s": -25200}]
APRIL_S = 1617235200 + 25200  # 2021-04-01T00:00 local


def in_los_angeles():
    bench = Bench(enabled=False)
    bench.config(utc_offset_rules=RULES, access={"list_max_age_s": 31622400})
    bench.subscribe({ANNA: {"user": "anna"}, BO: {"user": "bo"}})
    return bench


def claims_hold(bench):
    first = 1
    for claim in bench.of_kind("month_closed"):
        assert claim["first_seq"] == first and claim["last_seq"] == claim["seq"] - 1
        ends = [e for e in bench.of_kind("session_end") if first <= e["seq"] < claim["seq"]]
        assert claim["sessions"] == len(ends)
        assert claim["unknown"] == len([e for e in ends if e["energy_wh"] is None])
        assert claim["energy_wh"] == sum(e["energy_wh"] or 0 for e in ends)
        for name in claim["seconds"]:
            assert claim["seconds"][name] == sum(e["seconds"][name] for e in ends), name
        first = claim["seq"]


def test_law_18_a_month_is_closed_at_its_local_end():
    bench = in_los_angeles()
    for _ in range(3):
        bench.charge(ANNA, 700)
    bench.run(APRIL_S - bench.now_s - 5)
    months = [r["month"] for r in bench.of_kind("month_closed")]
    assert months == ["2021-02"], "it was still February in Los Angeles"
    bench.run(10)
    claim = bench.last("month_closed")
    assert claim["month"] == "2021-03" and claim["at"]["t"] - APRIL_S in (0, 1, 2)
    assert claim["sessions"] + bench.of_kind("month_closed")[0]["sessions"] == 3
    claims_hold(bench)


def test_law_18_also_after_being_dark_over_it_and_with_cuts_anywhere():
    bench = in_los_angeles()
    bench.charge(ANNA, 700)
    bench.power_cut(70 * DAY_S, clock=False)
    bench.run(600)
    assert bench.count("month_closed") == 0
    bench.set_clock()
    bench.run(5)
    assert [r["month"] for r in bench.of_kind("month_closed")] == ["2021-02", "2021-03", "2021-04"]
    bench.charge(BO, 300)
    bench.run(40 * DAY_S)
    claims_hold(bench)
    assert bench.last("month_closed")["sessions"] == 1


def test_law_18_a_session_over_the_end_counts_where_its_record_is():
    bench = in_los_angeles()
    bench.run(APRIL_S - bench.now_s - 3600)
    bench.tap(ANNA)
    bench.plug()
    bench.run(7200)
    assert bench.last("month_closed")["month"] == "2021-03"
    bench.unplug()
    bench.run(35 * DAY_S)
    claims_hold(bench)
    samples = bench.last("session_end")["samples"]
    start_s = bench.last("session_end")["t_start"]["t"]
    assert any(abs(start_s + s[0] - APRIL_S) <= 1 for s in samples), "a sample on the boundary"


def test_a_clock_that_goes_back_closes_no_month_twice():
    bench = in_los_angeles()
    bench.run(APRIL_S - bench.now_s + 60)
    bench.order("set_time", time=APRIL_S - 3600)
    bench.world.jump_ms = -3660 * 1000
    bench.run(7200)
    months = [r["month"] for r in bench.of_kind("month_closed")]
    assert months == ["2021-02", "2021-03"], months


def test_law_18_what_was_counted_again_after_a_cut_is_kept():
    for operation in range(4):
        bench = in_los_angeles()
        bench.charge(ANNA, 700)
        bench.run(APRIL_S - bench.now_s - 30 * DAY_S)
        bench.run(30 * DAY_S - 5)
        bench.volume.cut_after(operation)
        try:
            bench.run(10)
        except PowerCut:
            pass
        bench.volume.revive()
        bench.power_cut(5)
        kept = [bytes(bench.volume.files["month/%d" % n]) for n in (0, 1)]
        bench.power_cut(5)  # nothing had to be counted again: the records may leave the flash
        assert kept == [bytes(bench.volume.files["month/%d" % n]) for n in (0, 1)]
        bench.run(40 * DAY_S)
        months = [r["month"] for r in bench.of_kind("month_closed")]
        assert months == ["2021-02", "2021-03", "2021-04"], months
        claims_hold(bench)


def test_months_are_counted_right():
    assert calendar.name_of(calendar.month_of(START_S)) == "2021-03"
    assert calendar.name_of(calendar.month_of(START_S - 1)) == "2021-02"
    assert (
        calendar.start_of(calendar.index_of("2024-03"))
        - calendar.start_of(calendar.index_of("2024-02"))
        == 29 * DAY_S
    )


def filled(policy):
    """A charger whose store has filled up with records that nobody acknowledges."""
    bench = Bench(enabled=False)
    bench.config(store_full=policy, access={"list_max_age_s": 31622400})
    bench.subscribe({ANNA: {"user": "anna"}, BO: {"user": "bo"}})
    bench.volume.capacity = 70 * 1024
    bench.link(False)
    for _ in range(60):
        if bench.charger.connector._house.room.full:
            break
        bench.tap(ANNA)
        bench.plug(wh=20)
        bench.run(60)
        bench.unplug()
    assert bench.charger.connector._house.room.full
    return bench


def test_law_6_a_full_store_blocks_new_sessions_says_so_and_forgets_nothing():
    bench = filled("block")
    unsent = bench.charger.unsent
    before = bench.world.energy_uj
    bench.tap(BO)
    bench.plug()
    bench.run(600)
    assert bench.world.energy_uj == before
    bench.link(True)
    bench.run(5)
    assert bench.last("store_full")["policy"] == "block"
    assert len(bench.kinds) >= unsent
    bench.check_numbers()
    assert bench.energy_wh == bench.world.register_wh()


def test_law_6_a_running_session_ends_in_the_reserve():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(600)
    bench.volume.capacity = bench.volume._used() + 40 * 1024
    bench.charger.connector._house.room._writes = 0
    bench.run(3600)
    bench.unplug()
    assert bench.last("session_end")["energy_wh"] == bench.world.register_wh()
    bench.tap(ANNA)
    bench.plug()
    bench.run(600)
    assert bench.count("session_begin") == 1


def test_unbilled_lets_charge_without_a_record_and_tells_the_tally():
    bench = filled("unbilled")
    room = bench.charger.connector._house.room
    before, before_wh = room.sessions, room.wh  # the one that found the store full
    begun = bench.world.register_wh()
    sessions = bench.charger.connector._house.checkpoint.number
    for uid in (ANNA, BO):
        bench.tap(uid)
        bench.plug(wh=700)
        bench.run(900)
        assert bench.charger.session == "CH-1-0"
        bench.unplug()
    bench.tap(ANNA)
    bench.plug(wh=700)
    bench.run(300)
    bench.world.unplug()
    bench.power_cut(60, online=False)  # in the middle of an unbilled session
    bench.run(60)
    taken = bench.world.register_wh() - begun
    assert bench.charger.connector._house.checkpoint.number == sessions
    bench.volume.capacity = 1 << 20
    bench.charger.connector._house.room._writes = 0
    bench.link(True)
    bench.run(5)
    told = bench.last("store_full")
    assert told["unbilled_sessions"] == before + 3 and told["unbilled_wh"] == before_wh + taken
    assert bench.charge(BO, 100)["energy_wh"] == 100
    bench.check_numbers()
