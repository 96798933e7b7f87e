"""Acceptance in the field, 9 to 20: who may begin and stop, online and off."""

from agent import jws
from host_tests.scenarios.bench import ANNA, BO, CARL, CHARGER, MASTER, Bench, hex_of

DORA = b"\x00\x00\x12\x34"


def refused(bench, uid):
    """(reason, rule) of the refusal that a tap is recorded with."""
    before = bench.count("access_refused")
    bench.tap(uid)
    assert bench.board.indicator.word == "refused"
    assert bench.count("access_refused") == before + 1
    record = bench.last("access_refused")
    return record["reason"], record["rule"]


def nothing_flows(bench, seconds=60):
    before = bench.world.energy_uj
    bench.run(seconds)
    return bench.world.energy_uj == before and not bench.world.closed


def test_09_a_vehicle_without_a_card_never_gets_current():
    bench = Bench()
    bench.plug(32000, phases=3)
    assert nothing_flows(bench, 86400)
    assert bench.charger.session == "" and bench.count("session_begin") == 0
    bench.unplug()
    bench.plug()
    assert nothing_flows(bench, 3600)


def test_10_a_subscribers_card_starts_within_two_seconds_and_the_record_says_whose_it_was():
    bench = Bench()
    bench.subscribe({ANNA: {"user": "anna", "contract": "c-7", "group": "g-1"}})
    bench.plug()
    bench.run(5)
    bench.world.tap(ANNA)
    bench.run(2)
    assert bench.world.closed, "within two seconds"
    begin = bench.last("session_begin")
    assert (begin["user"], begin["contract"], begin["group"]) == ("anna", "c-7", "g-1")
    assert (begin["billing"], begin["offline"], begin["list_version"]) == ("ppm", False, 2)
    token = begin["token"]
    assert (token["type"], token["method"]) == ("ISO14443", "rfid_list")
    assert len(token["ref"]) == 16 and hex_of(ANNA) not in str(begin)


def test_11_unknown_blocked_pending_and_expired_cards_are_refused_and_masked():
    bench = Bench()
    bench.subscribe(
        {
            ANNA: {"user": "a", "status": "blocked"},
            BO: {"user": "b", "status": "pending"},
            DORA: {"user": "d", "until": bench.now_s - 1},
        }
    )
    bench.plug()
    assert refused(bench, CARL) == ("unknown", "L3")
    assert refused(bench, ANNA) == ("blocked", "L5")
    assert refused(bench, BO) == ("pending", "L6")
    assert refused(bench, DORA) == ("subscription_expired", "L8")
    assert nothing_flows(bench)
    assert bench.count("session_begin") == 0
    for record in bench.of_kind("access_refused"):
        for uid in (ANNA, BO, CARL, DORA):
            assert hex_of(uid) not in str(record).upper(), "masked"
        assert len(record["token"]["ref"]) == 16
    for row in bench.order("trace")["trace"]:
        assert len(row["card"]) == 8


def test_12_offline_with_a_fresh_list_a_listed_card_starts_and_is_marked():
    bench = Bench()
    bench.link(False)
    bench.run(3 * 86400)
    bench.tap(ANNA)
    bench.plug(wh=500)
    bench.run(3600)
    bench.unplug()
    bench.link(True)
    begin, end = bench.last("session_begin"), bench.last("session_end")
    assert begin["token"]["method"] == "rfid_list" and begin["offline"] is True
    assert end["energy_wh"] == 500 and end["offline"] is True


def test_13_offline_with_an_old_list_or_an_unknown_card_nobody_starts():
    bench = Bench()
    bench.link(False)
    bench.plug()
    bench.tap(CARL)
    assert nothing_flows(bench)
    bench.run(7 * 86400)
    bench.tap(ANNA)
    assert nothing_flows(bench)
    bench.run(7200)
    bench.power_cut(60, online=False, clock=False)  # forgetting the time makes no list fresher
    bench.tap(ANNA)
    assert nothing_flows(bench)
    bench.set_clock()
    bench.run(4000)
    bench.link(True)
    told = [(one["reason"], one["offline"]) for one in bench.of_kind("access_refused")]
    assert told[:2] == [("unknown", True), ("list_too_old", True)], told
    assert bench.count("session_begin") == 0


def test_13_a_list_grows_old_while_the_charger_does_not_know_the_time():
    bench = Bench()
    bench.run(1)
    bench.power_cut(60, online=False, clock=False)
    bench.run(6 * 86400)
    assert bench.charger.on_card(bench.up_ms, "ISO14443", ANNA) == "accepted"
    bench.run(86400 + 7200)
    assert bench.charger.on_card(bench.up_ms, "ISO14443", ANNA) == "list_too_old"


def test_13_only_a_policy_that_says_so_lets_strangers_in_and_they_are_marked():
    bench = Bench()
    bench.config(access={"guests": "free", "list_max_age_s": 31622400})
    bench.link(False)
    bench.run(8 * 86400)
    end_of = (ANNA, CARL)
    for uid in end_of:
        bench.tap(uid)
        bench.plug(wh=100)
        bench.run(600)
        bench.unplug()
    bench.link(True)
    ends = bench.of_kind("session_end")
    assert [end["token"]["method"] for end in ends] == ["rfid_list", "rfid_guest"]
    assert [end["offline"] for end in ends] == [True, True]


def test_14_unsubscribed_online_the_card_is_refused_in_two_minutes_and_after_a_reboot():
    bench = Bench()
    assert bench.charge(ANNA, 100)["user"] == "anna"
    bench.subscribe({BO: {"user": "bo"}})
    bench.run(1)
    assert refused(bench, ANNA) == ("unknown", "L3")
    bench.power_cut(30)
    assert refused(bench, ANNA) == ("unknown", "L3")
    bench.power_cut(30, online=False, clock=False)
    bench.tap(ANNA)
    bench.plug()
    assert nothing_flows(bench)


def revoked_while_offline(policy):
    bench = Bench()
    bench.config(access={"revoked_running": policy})
    bench.tap(ANNA)
    bench.plug(wh=3000)
    bench.run(300)
    bench.link(False)
    bench.run(600)
    bench.link(True)
    bench.subscribe({ANNA: {"user": "anna", "status": "blocked"}})
    bench.run(60)
    bench.subscribe({ANNA: {"user": "anna", "status": "expired"}})  # it comes again: told once
    bench.config(access={"revoked_running": policy})
    bench.run(3000)
    return bench


def test_15_revoked_while_offline_the_policy_is_applied_once_and_the_service_hears_of_it():
    bench = revoked_while_offline("continue")
    bench.unplug()
    end = bench.last("session_end")
    assert (end["energy_wh"], end["stop_reason"]) == (3000, "EVDisconnected")
    assert "revoked" in end["flags"] and end["user"] == "anna"
    told = [(one["reason"], one["rule"]) for one in bench.of_kind("access_refused")]
    assert told == [("blocked", "T9")]
    assert told and bench.last("access_refused")["token"]["ref"] == end["token"]["ref"]
    bench.tap(ANNA)
    assert bench.last("access_refused")["reason"] == "subscription_expired"

    bench = revoked_while_offline("stop")
    assert not bench.world.closed
    bench.unplug()
    end = bench.last("session_end")
    assert end["stop_reason"] == "DeAuthorized" and "revoked" in end["flags"]
    assert 0 < end["energy_wh"] < 3000 and bench.count("access_refused") == 1


def test_16_uids_of_every_length_with_leading_zeros_and_in_either_case_match_their_own_entry_only():
    bench = Bench()
    uids = (
        b"\x00\x00\x00\x07",
        b"\x00\x00\x00\x07\x00\x00\x00",
        b"\x00\x00\x00\x00\x00\x00\x07",
        b"\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00",
        b"\xed\x0b\xa9\x96",
        b"\x0e\xdb\xa9\x96",
    )
    bench.subscribe({uid: {"user": "u-%d" % n} for n, uid in enumerate(uids)})
    lower = [dict(bench.entry(uid), uid=hex_of(uid).lower()) for uid in bench.cards]
    bench.subscribe(bench.cards, put=lower)
    assert bench.replies[-1]["result"] == "applied", bench.replies[-1]
    for n, uid in enumerate(uids):
        assert bench.charge(uid, 10)["user"] == "u-%d" % n, hex_of(uid)
    for uid in (
        b"\x07\x00\x00\x00",
        b"\x00\x00\x07\x00",
        b"\x00\x00\x00\x07\x00\x00\x01",
        b"\x0b\xa9\x96\x00",
        b"\xed\xba\x99\x60",
    ):
        assert bench.charger.on_card(bench.up_ms, "ISO14443", uid) == "unknown", hex_of(uid)
    assert bench.charger.on_card(bench.up_ms, "ISO14443", uids[0] + b"\x07") == "bad_card"
    assert bench.charger.on_card(bench.up_ms, "ISO14443", uids[4][1:]) == "bad_card"


def test_17_another_card_neither_stops_nor_takes_the_session_and_one_of_the_group_stops_it():
    bench = Bench()
    bench.subscribe(
        {
            ANNA: {"user": "anna", "group": "g-1"},
            BO: {"user": "bo", "group": "g-2"},
            CARL: {"user": "carl", "group": "g-1"},
            DORA: {"user": "dora", "group": "g-1", "status": "blocked"},
        }
    )
    bench.tap(ANNA)
    bench.plug()
    bench.run(60)
    session = bench.charger.session
    for uid in (BO, DORA, b"\x01\x02\x03\x04"):
        assert refused(bench, uid) == ("busy", "T2")
        bench.run(60)
        assert bench.world.closed and bench.charger.session == session
    bench.tap(CARL)
    bench.run(1)
    assert not bench.world.closed
    bench.unplug()
    end = bench.last("session_end")
    assert (end["user"], end["session"], end["stop_reason"]) == ("anna", session, "Local")
    assert bench.count("session_begin") == 1


def test_18_a_tap_without_a_vehicle_lapses_and_an_unplug_without_a_tap_ends_it():
    bench = Bench()
    bench.tap(ANNA)
    bench.run(61)
    bench.plug()
    assert nothing_flows(bench, 300)
    bench.unplug()
    bench.tap(ANNA)
    bench.plug()
    bench.run(60)
    assert bench.world.closed
    bench.unplug()
    assert not bench.world.closed and bench.last("session_end")["user"] == "anna"
    bench.plug()
    assert nothing_flows(bench, 300)
    bench.tap(BO)
    bench.run(5)
    assert bench.last("session_begin")["user"] == "bo"
    bench.unplug()
    bench.tap(ANNA)  # and whoever takes the vehicle away after a tap takes the tap along
    bench.world.plug()
    bench.world.unplug()
    bench.run(0.2)
    bench.run(61)
    bench.plug()
    assert nothing_flows(bench, 60)


def test_19_an_app_unlock_by_order_starts_once_for_its_user_and_only_here():
    """By the cloud. The same with a grant beside the charger comes with its radio."""
    bench = Bench()
    bench.plug()
    bench.n += 1
    message = {"aud": CHARGER, "n": bench.n, "exp": bench.now_s + 120, "id": "o-1", "do": "start"}
    message.update({"user": "dora", "contract": "c-9", "group": "", "billing": "ppm"})
    foreign = dict(message, aud="CH-2")
    bench.send("order", foreign)
    assert bench.replies[-1]["reason"] == "wrong_charger"
    bench.send("order", message, keys=jws.Keys(bytes(reversed(MASTER))))
    assert bench.replies[-1]["reason"] == "bad_signature"
    assert nothing_flows(bench, 30)
    token = bench.send("order", message)
    assert bench.replies[-1]["result"] == "applied"
    bench.run(2)
    assert bench.world.closed
    begin = bench.last("session_begin")
    assert (begin["user"], begin["contract"]) == ("dora", "c-9")
    assert (begin["token"]["type"], begin["token"]["method"]) == ("Central", "app_cloud")
    bench.unplug()
    bench.plug()
    for _ in range(2):
        bench.charger.on_message(bench.up_ms, "order", token)
        bench.pump()
        assert bench.replies[-1]["reason"] == "stale", "a grant is good once"
        assert nothing_flows(bench, 20)
        bench.power_cut(5)
    bench.n += 1
    late = dict(message, n=bench.n, exp=bench.now_s - 1)
    bench.send("order", late)
    assert bench.replies[-1]["reason"] == "expired"
    assert nothing_flows(bench, 20) and bench.count("session_begin") == 1


def test_20_phases_pauses_load_balancing_and_a_sleeping_vehicle_are_one_session():
    bench = Bench()
    bench.tap(ANNA)
    bench.plug()
    bench.run(300)
    session, token = bench.charger.session, bench.last("session_begin")["token"]
    bench.world.demand(0)  # the phases are switched with the contactor open
    bench.run(5)
    bench.world.phases = 3
    bench.world.demand(16000)
    bench.run(300)
    bench.config(limit_ma=0)  # load balancing takes all
    bench.run(1200)
    bench.config(limit_ma=6000)
    bench.run(300)
    bench.world.demand(0)  # the vehicle sleeps
    bench.run(4 * 3600)
    bench.world.demand(16000)
    bench.run(300)
    bench.link(False)
    bench.run(300)
    bench.link(True)
    assert bench.world.closed and bench.charger.session == session
    bench.unplug()
    assert (bench.count("session_begin"), bench.count("session_end")) == (1, 1), "one fixed fee"
    end = bench.last("session_end")
    assert (end["session"], end["token"], end["user"]) == (session, token, "anna")
    assert end["energy_wh"] == bench.world.register_wh()
