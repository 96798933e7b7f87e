"""Unknown cards that are asked about. Laws 1, 10, 11 and 17."""

import binascii
import json

from agent import jws
from host_tests.scenarios.askbench import ASK, DORA, Asked, answer
from host_tests.scenarios.bench import ANNA, BO, CARL, CHARGER, Bench, hex_of


def test_a_card_that_the_list_does_not_know_is_asked_about_and_let_in():
    bench = Asked()
    bench.plug(wh=700)
    ask = bench.ask()
    assert bench.board.indicator.word == "asking"
    assert (bench.state, bench.world.closed) == ("available", False)
    assert (ask["charger"], ask["connector"], ask["type"]) == (CHARGER, 1, "ISO14443")
    assert ask["at"] == {"t": bench.now_s, "q": "S"}
    assert hex_of(CARL).lower() not in json.dumps(ask).lower(), "law 17"
    digest = jws.hmac_sha256(bench.keys.key("card"), b"ISO14443|", CARL)
    assert ask["ref"] == binascii.hexlify(digest[:8]).decode(), "the service can reckon it"
    assert answer(bench.authorize(ask)) == ("applied", "ok")
    bench.run(1500)
    bench.unplug()
    end = bench.last("session_end")
    assert end["token"] == {"type": "ISO14443", "ref": ask["ref"], "method": "rfid_online"}
    assert (end["user"], end["contract"], end["group"]) == ("carl", "c-9", "g-9")
    assert (end["billing"], end["energy_wh"]) == ("ppm", 700)
    assert bench.refusals() == []


def test_nobody_is_asked_unless_the_policy_says_so():
    bench = Bench()
    bench.tap(CARL)
    assert bench.asks == [] and bench.last("access_refused")["reason"] == "unknown"
    bench = Asked()
    bench.link(False)
    bench.tap(CARL)
    bench.link(True)
    assert bench.asks == [] and bench.last("access_refused")["reason"] == "unknown"
    bench.config(monthly_payment={"enabled": False}, access={"unknown": "ask", "when_off": "open"})
    bench.tap(CARL)
    assert bench.asks == []


def test_a_card_that_the_list_knows_is_never_asked_about():
    bench = Asked()
    bench.subscribe({ANNA: {"user": "anna"}, BO: {"user": "bo", "status": "blocked"}})
    bench.tap(BO)
    bench.tap(ANNA)
    assert bench.asks == [] and bench.state == "authorized"


def test_the_service_says_no_and_why():
    bench = Asked()
    for uid, reason in ((CARL, "not_subscribed"), (DORA, "no_money")):
        assert answer(bench.authorize(bench.ask(uid), "refused", reason=reason)) == (
            "applied",
            "ok",
        )
        bench.run(0.2)
        assert bench.board.indicator.word == "refused"
        assert bench.last("access_refused")["reason"] == reason
        assert bench.last("access_refused")["token"]["method"] == "rfid_online"
    bench.plug()
    bench.run(60)
    assert bench.world.energy_uj == 0


def test_no_answer_in_time_is_a_refusal():
    bench = Asked(access={"unknown": "ask", "ask_within_s": 3})
    bench.plug()
    ask = bench.ask()
    bench.run(2.5)
    assert bench.board.indicator.word == "asking"
    bench.run(1)
    assert bench.board.indicator.word == "refused"
    assert bench.refusals() == [("rfid_online", "no_answer", 1)]
    assert answer(bench.authorize(ask)) == ("refused", "no_question")
    bench.run(30)
    assert not bench.charger.session and bench.world.energy_uj == 0
    assert bench.ask()["id"] != ask["id"]  # a late service is asked again at once


def test_an_answer_counts_once():
    bench = Asked()
    ask = bench.ask()
    bench.authorize(ask)
    assert bench.state == "authorized"
    assert answer(bench.authorize(ask, user="mallory")) == ("refused", "no_question")
    bench.run(65)
    assert bench.state == "available"
    assert answer(bench.authorize(ask)) == ("refused", "no_question")
    bench.plug()
    bench.run(60)
    assert bench.world.energy_uj == 0


def test_an_answer_to_another_question_is_none():
    bench = Asked()
    ask = bench.ask()
    other = dict(ask, id="9-9")
    assert answer(bench.authorize(other)) == ("refused", "no_question")
    assert bench.board.indicator.word == "asking"
    assert bench.authorize(ask)["reason"] == "ok"


def test_no_question_survives_a_boot():
    bench = Asked()
    ask = bench.ask()
    bench.power_cut(1)
    assert answer(bench.authorize(ask)) == ("refused", "no_question")
    again = bench.ask()
    assert again["id"] != ask["id"]
    assert answer(bench.authorize(ask)) == ("refused", "no_question")
    assert bench.authorize(again)["reason"] == "ok"


def test_one_question_at_a_time_and_other_cards_have_their_own_rules():
    bench = Asked()
    ask = bench.ask()
    bench.tap(CARL)  # the same card again asks nothing
    bench.tap(DORA)
    assert bench.refusals() == [("rfid_list", "busy", 1)]
    assert bench.board.indicator.word == "refused"
    bench.run(4)
    assert bench.board.indicator.word == "asking"
    assert len(bench.asks) == 1
    bench.tap(ANNA)
    assert bench.state == "authorized"
    assert answer(bench.authorize(ask)) == ("refused", "busy")
    bench.plug(wh=100)
    bench.run(600)
    bench.unplug()
    assert bench.last("session_end")["user"] == "anna"


def test_whoever_leaves_takes_the_question_away():
    bench = Asked()
    bench.plug()
    ask = bench.ask()
    bench.unplug()
    assert answer(bench.authorize(ask)) == ("refused", "no_question")
    bench.plug()
    bench.run(60)
    assert bench.world.energy_uj == 0 and bench.refusals() == []


def test_a_question_about_the_next_vehicle_does_not_leave_with_the_last():
    bench = Asked()
    bench.tap(ANNA)
    bench.plug(wh=100)
    bench.run(600)
    bench.tap(ANNA)
    bench.run(4)
    ask = bench.ask()
    bench.unplug()
    assert bench.authorize(ask)["reason"] == "ok"
    bench.plug(wh=200)
    bench.run(600)
    bench.unplug()
    ends = [(end["user"], end["energy_wh"]) for end in bench.of_kind("session_end")]
    assert ends == [("anna", 100), ("carl", 200)]


def test_what_the_list_says_by_then_goes_before_the_answer():
    bench = Asked()
    ask = bench.ask()
    bench.subscribe({ANNA: {"user": "anna"}, CARL: {"user": "c", "status": "blocked"}})
    assert answer(bench.authorize(ask)) == ("refused", "blocked")
    bench.subscribe({ANNA: {"user": "anna"}})
    ask = bench.ask()
    bench.subscribe({ANNA: {"user": "anna"}, CARL: {"user": "c", "contract": "own"}})
    bench.plug(wh=100)
    assert bench.authorize(ask)["reason"] == "ok"
    bench.run(600)
    bench.unplug()
    end = bench.last("session_end")
    assert (end["token"]["method"], end["user"]) == ("rfid_list", "c")
    assert (end["contract"], end["billing"]) == ("own", "ppm")


def test_a_policy_that_changes_meanwhile_rules_the_answer():
    bench = Asked()
    ask = bench.ask()
    bench.config(access={"unknown": "refuse"})
    assert answer(bench.authorize(ask)) == ("refused", "unknown")
    bench.config(**ASK)
    ask = bench.ask()
    bench.order("lock")
    assert answer(bench.authorize(ask)) == ("refused", "locked")
    bench.order("unlock")
    bench.run(61)
    ask = bench.ask()
    bench.world.set_board_fault("residual_current")
    bench.run(1)
    assert answer(bench.authorize(ask)) == ("refused", "faulted")
    assert bench.world.energy_uj == 0


def test_who_was_refused_is_not_asked_about_for_a_minute():
    bench = Asked()
    bench.authorize(bench.ask(), "refused", reason="blocked")
    for _ in range(5):
        bench.run(5)
        bench.tap(CARL)
    assert len(bench.asks) == 1
    assert bench.refusals() == [("rfid_online", "blocked", 1)]
    bench.run(40)
    assert bench.authorize(bench.ask())["reason"] == "ok"
    bench.run(3700)
    assert ("rfid_online", "blocked", 5) in bench.refusals()


def test_a_flood_of_cards_is_bounded():
    bench = Asked()
    for i in range(60):
        bench.tap(bytes((4, i, 1, 2, 3, 4, 5)))
        if bench.charger.connector.asking:
            bench.authorize(bench.asks[-1], "refused", reason="unknown")
        del bench.asks[:-1]
    number = int(bench.asks[-1]["id"].split("-")[1])
    assert number == 30
    assert bench.count("access_refused") < 20
    bench.run(3700)
    assert int(bench.ask()["id"].split("-")[1]) == 31


def test_without_the_time_nobody_is_asked():
    bench = Asked()
    bench.power_cut(5, clock=False)
    bench.tap(CARL)
    assert bench.asks == [] and bench.last("access_refused")["reason"] == "clock_unknown"


def test_no_question_that_could_lead_to_nothing():
    bench = Asked()
    bench.world.set_meter_fault("silent")
    bench.run(30)
    bench.tap(CARL)
    assert bench.asks == [] and bench.last("access_refused")["reason"] == "meter_fault"


def test_a_question_that_could_not_leave_is_not_sent_later():
    bench = Asked(access={"unknown": "ask", "ask_within_s": 2})
    bench.world.network = False  # the link hangs and nobody has noticed
    bench.world.tap(CARL)
    bench.run(3)
    bench.link(True)
    assert bench.asks == []
    assert bench.refusals() == [("rfid_online", "no_answer", 1)]


def test_an_asked_session_goes_through_a_power_cut_and_its_card_stops_it():
    bench = Asked()
    bench.plug()
    bench.authorize(bench.ask())
    bench.run(600)
    bench.power_cut(60)
    bench.run(60)
    assert bench.world.closed
    bench.tap(CARL)
    bench.run(30)
    bench.unplug()
    end = bench.last("session_end")
    assert (end["stop_reason"], end["user"]) == ("Local", "carl")
    assert end["energy_wh"] == bench.world.register_wh()


def test_who_was_let_in_by_an_answer_stays_so_when_the_list_follows():
    for listed in ({}, {CARL: {"user": "carl", "contract": "c-9", "group": "g-9"}}):
        bench = Asked()
        bench.authorize(bench.ask())
        cards = {ANNA: {"user": "anna"}}
        cards.update(listed)
        bench.run(30)
        bench.subscribe(cards)
        assert bench.state == "authorized"
        bench.run(20)
        bench.plug(wh=100)
        bench.run(600)
        bench.unplug()
        end = bench.last("session_end")
        assert (end["token"]["method"], end["user"]) == ("rfid_online", "carl")


def test_a_new_list_begins_no_new_time_to_plug_in():
    bench = Asked()
    bench.authorize(bench.ask())
    bench.run(50)
    bench.subscribe({ANNA: {"user": "anna"}})
    bench.run(15)
    assert bench.state == "available"


def test_law_11_nobody_begins_on_what_an_older_list_said():
    for entry in ({"status": "blocked"}, {"contract": "other"}, {"billing": "free"}, None):
        bench = Bench()
        bench.tap(ANNA)
        cards = {BO: {"user": "bo"}}
        if entry is not None:
            cards[ANNA] = dict(entry, user="anna")
        bench.subscribe(cards)
        assert bench.charger.connector.state == "available", entry
        bench.plug()
        bench.run(60)
        assert bench.world.energy_uj == 0
    bench = Bench()
    bench.tap(ANNA)
    bench.subscribe({ANNA: {"user": "anna"}, CARL: {"user": "carl"}})
    assert bench.charger.connector.state == "authorized"
    bench.order("start", user="bo")
    bench.config()
    assert bench.charger.connector.state == "available"
