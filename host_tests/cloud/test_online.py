"""The service's side of a question about a card, and of a new key."""

import json
import logging

import pytest
from joserfc import jws as jose

from host_tests.cloud.fake_charger import MASTER, START_S, FakeCharger, compact, derived, instant
from tools.cloud import keys, schemas
from tools.cloud.errors import CloudError

CARL = "DEADBEEF"


def ref_of(uid, kind="ISO14443", master=MASTER):
    return keys.card_ref(master, kind, bytes.fromhex(uid))


def question(number=1, uid=CARL, **changed):
    payload = {
        "charger": "CH-1",
        "connector": 1,
        "id": f"3-{number}",
        "type": "ISO14443",
        "ref": ref_of(uid),
        "boot": 3,
        "list_version": 0,
        "at": instant(START_S),
    }
    return payload | changed


def asked(service, payload, **how):
    return service.take("CH-1", "ask", compact(payload, typ="ask+jws", **how))


def opened(down, master=MASTER, generation=1):
    """The payload of the one order, signed with this master key."""
    (one,) = [one for one in down if one.leaf == "order"]
    found = jose.deserialize_compact(
        one.payload, derived(master, "ppm/v1/down"), algorithms=["HS256"]
    )
    assert found.headers() == {"alg": "HS256", "kid": f"down-{generation}", "typ": "order+jws"}
    payload = json.loads(found.payload)
    assert schemas.problem("order", payload) == ""
    return payload


# -- questions


def test_a_card_of_the_wanted_list_is_accepted_under_its_terms(service, clock):
    service.subscribe("CH-1", "carl", CARL, contract="c-9", group="g", billing="free")
    order = opened(asked(service, question()))
    assert (order["do"], order["ask"], order["result"]) == ("authorize", "3-1", "accepted")
    terms = (order["user"], order["contract"], order["group"], order["billing"])
    assert terms == ("carl", "c-9", "g", "free")
    assert order["exp"] == clock() + 60 and "reason" not in order


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"status": "blocked"}, "blocked"),
        ({"status": "pending"}, "pending"),
        ({"status": "expired"}, "subscription_expired"),
        ({"until": START_S}, "subscription_expired"),
    ],
)
def test_an_entry_that_lets_nobody_in_says_why(service, entry, reason):
    service.subscribe("CH-1", "carl", CARL, **entry)
    order = opened(asked(service, question()))
    assert (order["result"], order["reason"]) == ("refused", reason)
    assert "user" not in order


def test_a_subscriber_elsewhere_is_told_apart_from_a_stranger(service):
    service.register("CH-2", "22" * 32)
    service.subscribe("CH-2", "carl", CARL)
    assert opened(asked(service, question()))["reason"] == "not_subscribed"
    assert opened(asked(service, question(2, "04000001")))["reason"] == "unknown"
    service.unsubscribe("CH-2", "carl")
    assert opened(asked(service, question(3)))["reason"] == "unknown"


def test_a_reference_is_of_one_type_and_one_charger(service):
    service.subscribe("CH-1", "carl", CARL)
    other = question(ref=ref_of(CARL, master=b"\x22" * 32))
    assert opened(asked(service, other))["reason"] == "unknown"
    assert opened(asked(service, question(2, type="ISO15693")))["reason"] == "unknown"


def test_a_question_is_answered_once_and_while_somebody_waits(service, clock):
    service.subscribe("CH-1", "carl", CARL)
    assert asked(service, question())
    assert asked(service, question()) == []
    clock.unix_s += 61
    assert asked(service, question(2)) == []
    assert asked(service, question(3, at=instant(None, "U")))
    # A service whose clock is late answers for the charger's time.
    clock.unix_s -= 4000
    assert opened(asked(service, question(4)))["exp"] == START_S + 60


def test_a_question_that_nobody_vouches_for_gets_no_answer(service, caplog):
    service.subscribe("CH-1", "carl", CARL)
    with caplog.at_level(logging.ERROR):
        assert asked(service, question(), master=b"\x22" * 32) == []
        assert asked(service, question(), label="ppm/v1/down", kid="down-1") == []
        assert asked(service, question(), kid="up-2") == []
        assert asked(service, question(charger="CH-2")) == []
        assert asked(service, question(ref=CARL)) == []
        assert service.take("CH-1", "ask", compact(question(), typ="record+jws")) == []
        assert service.take("CH-1", "ask", b"{}") == []
    assert len(caplog.records) == 7
    assert service.asks_of("CH-1") == [] and service.orders_of("CH-1") == []
    assert service.rejected() == []


def test_what_came_of_a_question_is_shown(service, clock):
    service.subscribe("CH-1", "carl", CARL)
    order = opened(asked(service, question()))
    reply = {"v": 1, "id": order["id"], "for": "order", "n": order["n"]}
    reply |= {"result": "refused", "reason": "no_question"}
    service.take("CH-1", "reply", json.dumps(reply).encode())
    ((ask, answered),) = service.asks_of("CH-1")
    assert (ask.result, ask.user, answered.reason) == ("accepted", "carl", "no_question")


# -- a new key


def unwrapped(order, old=MASTER):
    nonce = bytes.fromhex(order["nonce"])
    new = keys.wrap(old, bytes.fromhex(order["wrapped"]), nonce)
    assert keys.check(new).hex() == order["check"]
    return new


def changed(charger, new, generation=2):
    """The record that tells of a new key, and signs with it."""
    payload = charger.payload("key_changed", generation=generation)
    return compact(payload, new, kid=f"up-{generation}")


def upto(down):
    return [one for one in down if one.leaf == "ack"] != []


def test_both_keys_are_kept_until_the_charger_tells(service, charger):
    service.enable("CH-1", actor="u-9", role="superadmin", plan="business")
    version = service.charger("CH-1").config_version
    order = opened(service.rotate("CH-1"))
    new = unwrapped(order)
    assert (order["do"], order["generation"]) == ("rotate", 2)
    assert opened(service.order("CH-1", "identify"))["do"] == "identify"  # by the old key
    assert upto(service.take("CH-1", "record", charger.record()))
    down = service.take("CH-1", "record", changed(charger, new))
    assert [one.leaf for one in down] == ["ack", "config"]
    assert service.charger("CH-1").config_version == version + 1
    assert opened(service.order("CH-1", "identify"), new, 2)["do"] == "identify"
    old_record = compact(charger.payload("fault", fault="rcd", on=True))
    assert service.take("CH-1", "record", old_record) == []  # an old key signs nothing new


def test_a_record_belongs_to_the_generation_that_its_number_says(service, charger):
    early = charger.payload("fault", fault="rcd", on=True)
    new = unwrapped(opened(service.rotate("CH-1")))
    assert upto(service.take("CH-1", "record", changed(charger, new)))
    assert service.take("CH-1", "record", compact(early, new, kid="up-2")) == []
    assert service.charger("CH-1").upto == 0
    assert upto(service.take("CH-1", "record", compact(early)))
    assert service.charger("CH-1").upto == 2
    assert {entry.reason for entry in service.rejected()} == {"wrong_key"}
    assert not any(entry.named for entry in service.rejected())


def test_a_generation_that_is_not_known_moves_nothing(service, charger):
    record = compact(charger.payload("fault", fault="rcd", on=True), b"\x33" * 32, kid="up-2")
    assert service.take("CH-1", "record", record) == []
    assert service.charger("CH-1").upto == 0


def test_a_key_changed_that_the_new_key_did_not_sign_proves_nothing(service, charger):
    service.rotate("CH-1")
    payload = charger.payload("key_changed", generation=2)
    assert upto(service.take("CH-1", "record", compact(payload)))
    assert service.keys_of("CH-1")[-1][1].done_at is None


def test_the_order_is_sent_at_every_status_until_the_charger_has_the_key(service, charger, clock):
    first = opened(service.rotate("CH-1"))
    assert service.take("CH-1", "status", charger.status()) == []  # it may be on its way
    clock.unix_s += 60
    second = opened(service.take("CH-1", "status", charger.status()))
    assert unwrapped(first) == unwrapped(second)
    assert second["n"] > first["n"] and second["nonce"] != first["nonce"]
    clock.unix_s += 60
    assert service.take("CH-1", "status", charger.status(key=2)) == []
    assert unwrapped(opened(service.rotate("CH-1"))) == unwrapped(first)
    assert [generation for generation, _ in service.keys_of("CH-1")] == [1, 2]


def test_a_charger_that_cannot_is_not_asked_for_ever(service, charger, clock):
    order = opened(service.rotate("CH-1"))
    reply = {"v": 1, "id": order["id"], "for": "order", "n": order["n"], "result": "refused"}
    service.take("CH-1", "reply", json.dumps(reply | {"reason": "unknown_order"}).encode())
    clock.unix_s += 600
    assert service.take("CH-1", "status", charger.status()) == []
    assert service.keys_of("CH-1")[-1][1].refused == "unknown_order"
    again = opened(service.rotate("CH-1"))
    reply |= {"id": again["id"], "n": again["n"], "reason": "clock_unknown"}
    service.take("CH-1", "reply", json.dumps(reply).encode())
    clock.unix_s += 600
    assert opened(service.take("CH-1", "status", charger.status()))["do"] == "rotate"


def test_a_second_rotation_follows_the_first(service, charger):
    new = unwrapped(opened(service.rotate("CH-1")))
    service.take("CH-1", "record", changed(charger, new))
    third = unwrapped(opened(service.rotate("CH-1"), new, 2), new)
    down = service.take("CH-1", "record", changed(charger, third, 3))
    assert upto(down) and service.keys_of("CH-1")[-1][1].first_seq == 2
    assert third not in (new, MASTER)


def test_a_card_keeps_its_reference_over_a_rotation(service, charger):
    service.subscribe("CH-1", "carl", CARL)
    new = unwrapped(opened(service.rotate("CH-1")))
    service.take("CH-1", "record", changed(charger, new))
    down = asked(service, question(), master=new, kid="up-2")
    assert opened(down, new, 2)["result"] == "accepted"


def test_the_keys_end(service, monkeypatch):
    service.register("CH-1", "33" * 32, generation=255)
    with pytest.raises(CloudError, match="255"):
        service.rotate("CH-1")


def test_another_charger_s_rotation_changes_nothing_here(service):
    service.register("CH-2", "22" * 32)
    service.rotate("CH-2")
    charger = FakeCharger()
    assert upto(service.take("CH-1", "record", charger.record()))
    assert service.keys_of("CH-1") == [(1, None)]
