"""Sessions that the service starts, stops and takes back. Laws 10 and 11."""

from host_tests.scenarios.askbench import ASK, DORA, STOP, Asked, answer
from host_tests.scenarios.bench import ANNA, BO, CARL, CHARGER, Bench


def test_an_ordered_session_carries_who_the_service_says():
    bench = Bench()
    bench.plug(wh=500)
    assert answer(bench.order("start", user="anna", contract="c-1", group="g-1", connector=1)) == (
        "applied",
        "ok",
    )
    bench.run(1200)
    bench.unplug()
    end = bench.last("session_end")
    assert end["token"]["method"] == "app_cloud" and end["token"]["type"] == "Central"
    assert (end["user"], end["contract"], end["group"]) == ("anna", "c-1", "g-1")
    assert (end["energy_wh"], end["billing"]) == (500, "ppm")


def test_an_ordered_start_waits_for_the_vehicle_as_a_card_does():
    bench = Bench()
    assert bench.order("start", user="anna")["reason"] == "ok"
    assert bench.charger.connector.state == "authorized"
    bench.run(55)
    bench.plug(wh=100)
    assert bench.charger.session
    bench.unplug()
    assert bench.order("start", user="anna")["reason"] == "ok"
    bench.run(65)
    bench.plug()
    bench.run(60)
    assert not bench.charger.session and not bench.world.closed


def test_an_ordered_session_can_be_stopped_with_the_card_that_the_order_names():
    bench = Bench()
    ref = bench.charge(ANNA, 50)["token"]["ref"]
    bench.plug()
    token = {"type": "ISO14443", "ref": ref.upper()}
    assert bench.order("start", user="anna", token=token)["reason"] == "ok"
    bench.run(10)
    bench.tap(BO)
    assert bench.charger.connector.state == "charging"
    bench.tap(ANNA)
    assert bench.charger.connector.state == "finishing"
    bench.unplug()
    assert bench.last("session_end")["token"] == {
        "type": "ISO14443",
        "ref": ref,
        "method": "app_cloud",
    }


def test_bad_members_of_an_order_are_named_and_change_nothing():
    bench = Bench()
    bench.plug()
    for do, members, name in (
        ("start", {}, "user"),
        ("start", {"user": ""}, "user"),
        ("start", {"user": "a", "connector": 2}, "connector"),
        ("start", {"user": "a", "connector": 0}, "connector"),
        ("start", {"user": "a", "connector": "1"}, "connector"),
        ("start", {"user": "a", "billing": "none"}, "billing"),
        ("start", {"user": "a", "token": "x"}, "token"),
        ("start", {"user": "a", "token": {"type": "card", "ref": "00" * 8}}, "token.type"),
        ("start", {"user": "a", "token": {"type": "Central", "ref": "00" * 7}}, "token.ref"),
        ("start", {"user": "a", "token": {"type": "Central", "ref": "xy" * 8}}, "token.ref"),
        ("stop", {"connector": 2}, "connector"),
        ("stop", {"session": 5}, "session"),
        ("authorize", {"ask": 5, "result": "accepted", "user": "a"}, "ask"),
        ("authorize", {"ask": "1-1", "result": "maybe"}, "result"),
        ("authorize", {"ask": "1-1", "result": "accepted"}, "user"),
        ("authorize", {"ask": "1-1", "result": "refused"}, "reason"),
        ("authorize", {"ask": "1-1", "result": "refused", "reason": "No!"}, "reason"),
        ("authorize", {"ask": "1-1", "result": "refused", "reason": "_x"}, "reason"),
        ("revoke", {}, "user"),
    ):
        reply = bench.order(do, **members)
        assert answer(reply) == ("refused", "bad_value"), (do, members, reply)
        assert reply["detail"].startswith(name + ":"), reply
    assert not bench.charger.session


def test_a_start_is_refused_with_the_reason_and_a_stop_names_its_session():
    bench = Bench()
    bench.order("lock")
    assert answer(bench.order("start", user="anna")) == ("refused", "locked")
    bench.order("unlock")
    bench.plug()
    assert bench.order("start", user="anna")["reason"] == "ok"
    bench.run(10)
    assert answer(bench.order("start", user="bo")) == ("refused", "busy")
    mine = bench.charger.session
    assert answer(bench.order("stop", session=CHARGER + "-77")) == ("refused", "no_session")
    assert bench.charger.connector.state == "charging"
    assert bench.order("stop", session=mine)["reason"] == "ok"
    bench.unplug()
    assert bench.last("session_end")["stop_reason"] == "Remote"
    assert answer(bench.order("stop")) == ("refused", "no_session")


# -- taken back


def online_session(bench, method):
    bench.plug()
    if method == "rfid_online":
        bench.authorize(bench.ask(), user="carl")
    else:
        bench.order("start", user="carl")
    bench.run(10)
    assert bench.charger.session


def test_a_list_that_does_not_name_them_leaves_the_service_s_sessions_alone():
    for method in ("rfid_online", "app_cloud"):
        bench = Asked(**STOP)
        online_session(bench, method)
        bench.subscribe({ANNA: {"user": "anna"}})
        bench.config(**STOP)
        bench.run(5)
        assert bench.state == "charging", method


def test_a_blocked_user_loses_a_session_by_app_or_question():
    many = {bytes((4, i, 0, 0)): {"user": "u-%d" % i} for i in range(70)}
    for method in ("rfid_online", "app_cloud"):
        bench = Asked(**STOP)
        online_session(bench, method)
        cards = dict(many)
        cards[DORA] = {"user": "carl", "status": "blocked"}
        cards[BO] = {"user": "carl"}
        bench.subscribe(cards)
        bench.run(5)
        assert bench.state == "charging", "one of the user's cards may charge"
        cards[BO] = {"user": "carl", "status": "blocked"}
        bench.subscribe(cards)
        bench.run(5)
        assert bench.state == "finishing", (method, bench.state, bench.replies[-2:])
        bench.unplug()
        end = bench.last("session_end")
        assert (end["stop_reason"], end["flags"]) == ("DeAuthorized", ["revoked"])
        refused = bench.last("access_refused")
        assert (refused["reason"], refused["token"]) == ("blocked", end["token"])


def test_a_list_that_blocks_the_very_card_takes_it_back():
    bench = Asked(**STOP)
    online_session(bench, "rfid_online")
    bench.subscribe({CARL: {"user": "another", "status": "blocked"}})
    bench.run(1)
    assert bench.state == "finishing"


def test_by_policy_a_session_taken_back_is_flagged_and_goes_on():
    bench = Asked()
    online_session(bench, "app_cloud")
    bench.subscribe({DORA: {"user": "carl", "status": "blocked"}})
    bench.run(600)
    assert bench.state == "charging"
    bench.unplug()
    assert bench.last("session_end")["flags"] == ["revoked"]
    assert bench.count("access_refused") == 1


def test_what_the_list_took_back_just_before_a_cut_is_taken_back_after_it():
    bench = Asked(**STOP)
    online_session(bench, "app_cloud")
    looked = bench.charger.connector._revoking
    looked.look = looked.drop  # the power goes before anybody has looked
    bench.subscribe({DORA: {"user": "carl", "status": "blocked"}})
    assert bench.state == "charging"
    bench.power_cut(5)
    bench.run(5)
    assert bench.state == "finishing"


def test_a_revoke_is_an_order_for_users_without_a_card():
    for policy, state in ((STOP, "finishing"), (ASK, "charging")):
        bench = Asked(**policy)
        assert answer(bench.order("revoke", user="carl")) == ("refused", "no_session")
        online_session(bench, "app_cloud")
        mine = bench.charger.session
        for other in ({"user": "bo"}, {"session": "CH-1-99"}, {"user": "bo", "session": mine}):
            assert answer(bench.order("revoke", **other)) == ("refused", "no_session")
        assert bench.state == "charging"
        assert bench.order("revoke", user="carl")["reason"] == "ok"
        bench.run(1)
        assert bench.state == state
        bench.unplug()
        assert bench.last("session_end")["flags"] == ["revoked"]
