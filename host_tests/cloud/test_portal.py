"""The portal's acts, and what is sent when the charger lacks something (laws 8 to 10)."""

import hashlib
import json

import pytest

from host_tests.cloud.fake_charger import MASTER, opened, ref
from tools.cloud import keys, listing, schemas, zones
from tools.cloud.errors import CloudError

ANNA = "04A2B3C4D5E6F7"


def payloads(down, leaf):
    return [opened(one.payload)[1] for one in down if one.leaf == leaf]


def only(down, leaf):
    (payload,) = payloads(down, leaf)
    assert schemas.problem(leaf, payload) == ""
    return payload


@pytest.fixture
def enabled(service):
    service.enable("CH-1", actor="u-9", role="superadmin", plan="business")
    service.tariff("CH-1", "T-1", "EUR", energy="0.40", flat="1.00")
    return service


def test_enable_needs_a_superadmin_and_a_business_plan(service):
    for role, plan in (("admin", "business"), ("", "business"), ("superadmin", "basic")):
        with pytest.raises(CloudError):
            service.enable("CH-1", actor="u-9", role=role, plan=plan)
    assert service.charger("CH-1").config_version == 0
    with pytest.raises(CloudError, match="register"):
        service.enable("CH-7", actor="u-9", role="superadmin", plan="business")


def test_enable_gives_a_signed_retained_configuration(service, clock):
    (down,) = service.enable("CH-1", actor="u-9", role="superadmin", plan="business")
    assert down.leaf == "config" and down.retain and len(down.payload) <= 8192
    config = only([down], "config")
    assert config["version"] == 1
    assert config["monthly_payment"] == {
        "enabled": True,
        "plan": "business",
        "actor": {"id": "u-9", "role": "superadmin"},
        "accepted_at": clock(),
    }
    assert config["access"]["when_off"] == "locked"


def test_every_change_is_the_next_version_and_disable_keeps_the_rest(enabled):
    config = only(enabled.disable("CH-1", actor="u-9", role="superadmin"), "config")
    assert config["version"] == 3
    assert config["monthly_payment"]["enabled"] is False
    assert config["tariff"]["id"] == "T-1"
    with pytest.raises(CloudError):
        enabled.disable("CH-1", actor="u-2", role="user")


def test_tariff_versions_never_change_and_equal_prices_make_none(enabled):
    assert enabled.tariff("CH-1", "T-1", "EUR", energy="0.40", flat="1.00") == []
    config = only(enabled.tariff("CH-1", "T-1", "EUR", energy="0.45"), "config")
    assert config["tariff"]["version"] == 2
    assert config["tariff"]["components"] == [{"type": "ENERGY", "price": "0.45"}]


@pytest.mark.parametrize("price", ["", "-1", "0,40", "1e3", "0.00001", "1234567", ".5"])
def test_a_price_that_is_none_is_refused_in_plain_words(service, price):
    with pytest.raises(CloudError, match="decimal"):
        service.tariff("CH-1", "T-1", "EUR", energy=price)
    with pytest.raises(CloudError, match="at least one"):
        service.tariff("CH-1", "T-1", "EUR")


def test_settings_are_checked_as_a_whole(enabled):
    down = enabled.settings("CH-1", access__lapse_s=30, timezone="Europe/Stockholm")
    config = only(down, "config")
    assert config["access"]["lapse_s"] == 30 and config["timezone"] == "Europe/Stockholm"
    for wrong in ({"access__lapse_s": "x"}, {"nonsense": 1}, {"access": 1}, {"timezone": "Mars"}):
        with pytest.raises(CloudError):
            enabled.settings("CH-1", **wrong)
    assert enabled.charger("CH-1").config_version == 3


def test_offset_rules_hold_now_and_at_every_change_to_come():
    rules = zones.offset_rules("Europe/Stockholm", 1614593000)
    assert rules[:3] == [
        {"from": 0, "offset_s": 3600},
        {"from": 1616893200, "offset_s": 7200},
        {"from": 1635642000, "offset_s": 3600},
    ]
    assert len(rules) == 13
    assert zones.offset_rules("UTC", 1614593000) == [{"from": 0, "offset_s": 0}]


def online(service, charger, **status):
    return service.take("CH-1", "status", charger.status(**status))


def test_a_charger_without_anything_gets_configuration_and_whole_list(enabled, charger):
    enabled.subscribe("CH-1", "anna", "04:a2:b3:c4:d5:e6:f7", contract="c-1")
    down = online(enabled, charger)
    assert only(down, "config")["version"] == 2
    update = only(down, "list")
    assert (update["version"], update["base"], update["part"], update["parts"]) == (1, None, 1, 1)
    assert [entry["uid"] for entry in update["put"]] == [ANNA]
    line = f"{ref(ANNA)}|anna|c-1||active||ppm|uid\n"
    assert update["sha256"] == hashlib.sha256(line.encode()).hexdigest()


def test_what_is_under_way_is_not_sent_twice_until_the_charger_comes_back(enabled, charger, clock):
    enabled.subscribe("CH-1", "anna", ANNA)
    assert online(enabled, charger)
    assert online(enabled, charger) == []
    assert len(online(enabled, charger, boot=4)) == 2
    clock.unix_s += 11
    assert len(online(enabled, charger, boot=4)) == 2
    assert enabled.take("CH-1", "status", b'{"v":1,"online":false}') == []
    assert len(online(enabled, charger, boot=4)) == 2


def test_the_same_version_has_the_same_bytes(enabled, charger):
    first = online(enabled, charger)
    again = online(enabled, charger, boot=4)
    assert [one.payload for one in first] == [one.payload for one in again]


def test_a_charger_with_the_wanted_versions_gets_nothing(enabled, charger):
    enabled.subscribe("CH-1", "anna", ANNA)
    tariff = {"id": "T-1", "version": 1}
    assert online(enabled, charger, config=2, listed=1, tariff=tariff) == []


def test_a_list_that_grows_old_is_confirmed_with_the_services_time(enabled, charger):
    enabled.subscribe("CH-1", "anna", ANNA)
    tariff = {"id": "T-1", "version": 1}
    old = {"config": 2, "listed": 1, "tariff": tariff, "age_s": 43200}
    confirmation = only(online(enabled, charger, **old), "list")
    assert (confirmation["version"], confirmation["base"]) == (1, 1)
    assert confirmation["put"] == confirmation["del"] == []
    assert confirmation["at"] == enabled.clock()
    # what the portal changes meanwhile does not wait for the answer to a confirmation
    update = only(enabled.subscribe("CH-1", "bo", "DEADBEEF"), "list")
    assert (update["version"], update["base"]) == (2, 1)


def test_a_difference_is_sent_to_a_known_base(enabled, charger):
    enabled.subscribe("CH-1", "anna", ANNA)
    enabled.subscribe("CH-1", "bo", "DEADBEEF")
    online(enabled, charger, config=2, listed=2)
    down = enabled.unsubscribe("CH-1", "anna")
    update = only(down, "list")
    assert (update["version"], update["base"]) == (3, 2)
    assert update["put"] == [] and update["del"] == [ref(ANNA)]
    line = f"{ref('DEADBEEF')}|bo|||active||ppm|uid\n"
    assert update["sha256"] == hashlib.sha256(line.encode()).hexdigest()


def test_a_difference_reaches_back_over_versions(enabled, charger):
    enabled.subscribe("CH-1", "anna", ANNA)
    enabled.subscribe("CH-1", "bo", "DEADBEEF")
    enabled.subscribe("CH-1", "anna", ANNA, status="blocked")
    update = only(online(enabled, charger, config=2, listed=1), "list")
    assert (update["version"], update["base"]) == (3, 1)
    assert [entry["uid"] for entry in update["put"]] == sorted([ANNA, "DEADBEEF"], key=ref)
    assert {entry["uid"]: entry["status"] for entry in update["put"]}[ANNA] == "blocked"


@pytest.mark.parametrize("reason", ["list_base", "list_hash"])
def test_a_refused_difference_is_followed_by_a_whole_list_once(enabled, charger, reason):
    enabled.subscribe("CH-1", "anna", ANNA)
    enabled.subscribe("CH-1", "bo", "DEADBEEF")
    assert only(online(enabled, charger, config=2, listed=1), "list")["base"] == 1
    reply = {"v": 1, "id": None, "for": "list", "version": 1, "result": "refused"}
    reply = json.dumps(reply | {"reason": reason}).encode()
    whole = only(enabled.take("CH-1", "reply", reply), "list")
    assert whole["base"] is None and len(whole["put"]) == 2
    assert enabled.take("CH-1", "reply", reply) == []


def test_the_next_version_follows_when_the_last_was_applied(enabled, charger):
    online(enabled, charger, config=2)
    assert only(enabled.subscribe("CH-1", "anna", ANNA), "list")["version"] == 1
    assert enabled.subscribe("CH-1", "bo", "DEADBEEF") == []  # the first is on its way
    applied = charger.record("list_applied", version=1, count=1)
    down = enabled.take("CH-1", "record", applied)
    update = only(down, "list")
    assert (update["version"], update["base"]) == (2, 1)


def test_a_restored_service_never_goes_back(enabled, charger, caplog):
    """Law 9 from the other side: the charger knows newer versions than a restored database."""
    enabled.subscribe("CH-1", "anna", ANNA)
    assert online(enabled, charger, config=9, listed=7) == []
    assert "resync" in caplog.text
    down = enabled.resync("CH-1")
    assert only(down, "config")["version"] == 10
    update = only(down, "list")
    assert (update["version"], update["base"]) == (8, None)


def test_many_cards_are_one_version_in_sorted_parts(enabled, charger):
    entries = [{"user": f"u-{n}", "uid": f"{n * 7919:014X}", "contract": "c"} for n in range(50)]
    enabled.subscribe_many("CH-1", reversed(entries))
    parts = payloads(online(enabled, charger, config=2), "list")
    assert [part["part"] for part in parts] == [1, 2, 3]
    assert {(part["version"], part["parts"]) for part in parts} == {(1, 3)}
    uids = [entry["uid"] for part in parts for entry in part["put"]]
    assert uids == sorted(uids, key=ref) and len(uids) == 50
    assert [("sha256" in part) for part in parts] == [False, False, True]


def test_a_full_part_of_the_longest_entries_fits(enabled, charger):
    long = "x" * 24
    entries = [
        {"uid": f"{n:020X}", "user": long, "contract": long, "group": long, "until": 4102444799}
        for n in range(40)
    ]
    enabled.subscribe_many("CH-1", [entry | {"status": "pending"} for entry in entries])
    down = [one for one in online(enabled, charger, config=2) if one.leaf == "list"]
    assert len(down) == 2 and max(len(one.payload) for one in down) <= 8192


def test_put_and_del_are_sorted_together_across_parts():
    def line(n, user):
        return dict(
            zip(
                listing.MEMBERS,
                (f"{n:08X}", "ISO14443", user, "", "", "active", None, "ppm", "uid"),
                strict=True,
            )
        )

    old = [line(n, "a") for n in range(0, 60)]
    new = [line(n, "b") for n in range(0, 60, 2)]
    key = keys.derive(MASTER, keys.CARD)
    parts = listing.parts("CH-1", 2, 1, new, old, key)
    assert len(parts) == 3
    refs = [sorted([ref(e["uid"]) for e in part["put"]] + part["del"]) for part in parts]
    assert refs[0][-1] < refs[1][0] and refs[1][-1] < refs[2][0]
    assert listing.digest(key, reversed(new)) == parts[-1]["sha256"]


def test_a_card_is_one_users_and_a_uid_is_a_uid(enabled):
    enabled.subscribe("CH-1", "anna", ANNA)
    with pytest.raises(CloudError, match="belongs to anna") as error:
        enabled.subscribe("CH-1", "bo", ANNA)
    assert ANNA not in str(error.value)
    for wrong in ("12345678901234567", "04A2", "zz", "04A2B3C4D5E6F7F8"):
        with pytest.raises(CloudError, match="UID"):
            enabled.subscribe("CH-1", "bo", wrong)
    for wrong in ("bo x", "bo\n", "", "b" * 25, "bö"):
        with pytest.raises(CloudError):
            enabled.subscribe("CH-1", wrong, "DEADBEEF")
    with pytest.raises(CloudError):
        enabled.unsubscribe("CH-1", "carl")


def test_orders_rise_lapse_and_remember_their_answer(service, clock):
    numbers = [only(service.order("CH-1", "identify", ttl_s=60), "order")["n"] for _ in range(3)]
    assert numbers == [1, 2, 3]
    order = only(service.order("CH-1", "set_time"), "order")
    assert order["time"] == clock() and order["exp"] == clock() + 300
    reply = {"v": 1, "id": order["id"], "for": "order", "n": 4}
    for result, reason in (("refused", "expired"), ("applied", "ok")):
        message = json.dumps(reply | {"result": result, "reason": reason}).encode()
        service.take("CH-1", "reply", message)
    assert service.orders_of("CH-1")[3].reason == "expired"  # the first answer stands
    for do, members in (("dance", {}), ("start", {}), ("resend", {"from_": 5, "to": 4})):
        with pytest.raises(CloudError):
            service.order("CH-1", do, **members)
    assert service.charger("CH-1").order_n == 4


@pytest.mark.parametrize("leaf", ["status", "reply", "telemetry", "record", "shout"])
@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"{}", b"\xff", b'{"v":2}', b"[" * 5000, b"{" * 9000]
)
def test_bad_uplink_never_raises_and_changes_nothing(service, leaf, payload):
    assert service.take("CH-1", leaf, payload) == []
    assert service.charger("CH-1").upto == 0
