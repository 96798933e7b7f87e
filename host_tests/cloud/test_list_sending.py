"""A long list on its way: some parts at a time, on from where the charger waits, nothing twice."""

import json
import sqlite3

import pytest

from host_tests.cloud.fake_charger import opened
from tools.cloud import listsend
from tools.cloud.service import Service

PEOPLE = 900
PARTS = PEOPLE // 20


def people(count=PEOPLE, **more):
    return [{"user": f"u-{n}", "uid": f"{n * 7919:014X}"} | more for n in range(count)]


def parts_of(down):
    """(version, base, part) of each list message."""
    found = [opened(one.payload)[1] for one in down if one.leaf == "list"]
    return [(one["version"], one["base"], one["part"]) for one in found]


def numbers(down):
    return [part for _, _, part in parts_of(down)]


class Talk:
    """What a charger says while its list is on its way. `boot` rises by hand."""

    def __init__(self, service, charger):
        self.service = service
        self.charger = charger
        self.boot = 3
        self.listed = 0

    def reply(self, result, reason, part=None, version=1, waits=True):
        reply = {"v": 1, "id": None, "for": "list", "version": self.listed}
        reply |= {"result": result, "reason": reason, "detail": "", "part": part}
        if waits:
            reply["waits"] = {"version": version, "part": part}
        return numbers(self.service.take("CH-1", "reply", json.dumps(reply).encode()))

    def waiting(self, part, version=1):
        return self.reply("waiting", "list_part", part, version)

    def status(self, part=0, version=1):
        """part: the one it waits for, None while it merges, 0: nothing under way."""
        listed = {"version": self.listed, "count": 0, "age_s": 60 if self.listed else None}
        if part != 0:
            listed["waits"] = {"version": version, "part": part}
        return self.service.take(
            "CH-1", "status", self.charger.status(boot=self.boot, list=listed)
        )


@pytest.fixture
def talk(service, charger):
    service.take("CH-1", "status", charger.status())
    return Talk(service, charger)


@pytest.fixture
def begun(service, talk):
    down = service.subscribe_many("CH-1", people())
    assert numbers(down) == list(range(1, listsend.WINDOW + 1))
    return talk


def test_each_answer_lets_the_next_part_go_and_none_goes_twice(begun):
    sent = list(range(1, listsend.WINDOW + 1))
    for part in range(2, PARTS + 1):
        sent += begun.waiting(part)
        assert numbers(begun.status(part)) == []
    assert sent == list(range(1, PARTS + 1))
    assert begun.reply("waiting", "list_merging") == []
    assert numbers(begun.status(None)) == []
    begun.listed = 1
    assert begun.reply("applied", "ok", waits=False) == []
    charger = begun.service.charger("CH-1")
    assert (charger.list_applied, charger.list_sent_at) == (1, None)


def test_a_lost_part_is_sent_again_with_those_behind_it_once(begun):
    assert begun.waiting(5) == list(range(17, 21))
    again = begun.reply("refused", "list_part", 5)
    assert again == list(range(5, 21))
    for _ in range(8):  # the parts behind it were on their way, and are refused too
        assert begun.reply("refused", "list_part", 5) == []
    assert begun.waiting(6) == [21]
    assert begun.reply("refused", "list_part", 9) == list(range(9, 25))


def test_after_a_reboot_it_goes_on_where_the_charger_waits(begun, clock):
    begun.waiting(7)
    begun.boot += 1
    assert numbers(begun.status(7)) == list(range(7, 23))
    assert numbers(begun.status(7)) == []
    begun.boot += 1
    assert numbers(begun.status(None)) == []  # it has them all, and works
    clock.unix_s += 3600
    assert numbers(begun.status(None)) == []


def test_a_charger_that_has_forgotten_the_update_gets_it_from_the_start(begun):
    begun.waiting(7)
    begun.boot += 1
    assert numbers(begun.status(0)) == list(range(1, 17))


def test_silence_is_followed_by_the_part_that_is_awaited(begun, clock):
    begun.waiting(7)
    assert numbers(begun.status(7)) == []
    clock.unix_s += listsend.IN_FLIGHT_S
    assert numbers(begun.status(7)) == list(range(7, 23))
    clock.unix_s += listsend.IN_FLIGHT_S
    assert numbers(begun.status(9)) == list(range(9, 25))


def test_another_service_on_the_same_database_goes_on_too(begun, db_url, clock):
    begun.waiting(7)
    clock.unix_s += 60
    begun.service = Service(db_url, clock)
    assert numbers(begun.status(7)) == list(range(7, 23))
    begun.service.close()


def test_a_newer_version_waits_for_the_one_under_way_then_is_a_difference(begun):
    assert begun.service.subscribe("CH-1", "zoe", "DEADBEEF") == []
    begun.waiting(PARTS)
    begun.listed = 1
    begun.charger.now_s += 60
    down = begun.service.take(
        "CH-1", "record", begun.charger.record("list_applied", version=1, count=PEOPLE)
    )
    assert parts_of(down) == [(2, 1, 1)]


def test_a_base_that_is_not_in_force_is_replaced_by_the_one_that_is(service, talk):
    service.subscribe_many("CH-1", people(100))
    service.subscribe("CH-1", "zoe", "DEADBEEF")
    service.subscribe("CH-1", "bo", "BADC0FFE")
    talk.listed = 1
    talk.boot += 1
    assert parts_of(talk.status()) == [(3, 1, 1)]
    talk.listed = 2
    reply = {"v": 1, "for": "list", "version": 2, "result": "refused", "reason": "list_base"}
    down = service.take("CH-1", "reply", json.dumps(reply).encode())
    assert parts_of(down) == [(3, 2, 1)]
    # the same again, although it is the one in force: then it is damaged
    down = service.take("CH-1", "reply", json.dumps(reply).encode())
    assert {base for _, base, _ in parts_of(down)} == {None}


def test_a_list_that_changes_all_over_is_sent_whole(service, talk):
    service.subscribe_many("CH-1", people(100))
    talk.listed = 1
    talk.status()
    for n in range(70):
        service.unsubscribe("CH-1", f"u-{n}")
    talk.boot += 1
    assert {(version, base) for version, base, _ in parts_of(talk.status())} == {(71, None)}


def test_a_database_of_an_older_version_gets_its_columns(tmp_path, db_url, clock):
    Service(db_url, clock).close()
    with sqlite3.connect(tmp_path / "cloud.db") as old:
        for table, column in (("chargers", "list_base"), ("chargers", "list_part"),
                              ("entries", "proof")):  # fmt: skip
            old.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        old.execute(
            "INSERT INTO entries (charger, uid, type, user_ref, contract_ref, group_ref, status, "
            "billing, since_version) VALUES ('CH-1', 'DEADBEEF', 'ISO14443', 'bo', '', '', 'active', "
            "'ppm', 1)"
        )
    service = Service(db_url, clock)
    service.register("CH-1", "11" * 32)
    charger = service.charger("CH-1")
    assert (charger.list_base, charger.list_part) == (None, 0)
    with service.store.begin() as session:
        (entry,) = session.connection().exec_driver_sql("SELECT proof FROM entries").all()
    assert entry == ("uid",)
    service.close()
