"""The commands as people type them: what they print, and how they end."""

import json

import pytest
from typer.testing import CliRunner

from host_tests.cloud.fake_charger import MASTER, FakeCharger, compact
from tools.cloud import keys, store
from tools.cloud.cli import app
from tools.cloud.service import Service

ACTOR = ("--actor", "u-9", "--role", "superadmin", "--plan", "business")
ANNA = "04A2B3C4D5E6F7"


@pytest.fixture
def cloud(db_url):
    runner = CliRunner(env={"PPM_DB": db_url, "PPM_AT": "1614593000", "COLUMNS": "200"})

    def run(*words, code=0, answer=None):
        result = runner.invoke(app, list(words), input=answer)
        assert result.exit_code == code, result.output
        return result.output

    run("register", "CH-1", "--key", MASTER.hex())
    return run


def test_help_lists_every_command(cloud):
    text = cloud("--help")
    for word in (
        "receive enable disable tariff subscribe unsubscribe order statement register chargers "
        "records gaps rejected"
    ).split():
        assert word in text


def test_register_makes_keys_and_refuses_half_of_one(cloud):
    assert "Master key: " in cloud("register", "CH-2", "--new-key")
    assert "64 hex digits" in cloud("register", "CH-3", "--key", "abc", code=1)
    assert "--generation 2" in cloud("register", "CH-1", "--key", "11" * 32, code=1)
    cloud("register", "CH-4", code=2)


def test_enable_shows_what_it_means_and_asks(cloud, db_url):
    text = cloud("enable", "CH-1", *ACTOR, "--store-only", answer="n\n", code=1)
    assert "Only subscribers" in text and "Nothing was changed" in text
    text = cloud("enable", "CH-1", *ACTOR, "--store-only", answer="y\n")
    assert "is on for CH-1" in text and "no tariff yet" in text
    assert Service(db_url).charger("CH-1").config_version == 1


def test_enable_refuses_the_wrong_actor_before_it_asks(cloud):
    words = ("--actor", "u-2", "--role", "user", "--plan", "business", "--store-only")
    text = cloud("enable", "CH-1", *words, code=1)
    assert "Only a superadmin" in text and "Only subscribers" not in text
    text = cloud("enable", "CH-8", *ACTOR, "--accept", "--store-only", code=1)
    assert "register CH-8" in text


def test_a_month_from_the_command_line(cloud, db_url, tmp_path):
    cloud("enable", "CH-1", *ACTOR, "--accept", "--store-only")
    prices = ("--energy", "0.40", "--flat", "1.00", "--parking-time", "0.50")
    cloud("tariff", "CH-1", "T-1", *prices, "--store-only")
    text = cloud("subscribe", "CH-1", "anna", ANNA, "--contract", "c-1", "--store-only")
    assert ANNA not in text and "04••••••••••F7" in text
    table = tmp_path / "cards.csv"
    table.write_text("user,uid,billing,until\nbo,DEADBEEF,free,\ncarl,01020304,ppm,1700000000\n")
    assert "2 cards" in cloud("subscribe", "CH-1", "--csv", str(table), "--store-only")
    text = cloud("list", "CH-1")
    assert "carl" in text and ANNA not in text and "DEADBEEF" not in text

    charger = FakeCharger()
    service = Service(db_url)
    for payload in (*charger.session(15060, charging=13577, ev_suspended=3600),):
        service.take("CH-1", "record", compact(payload))
    service.take("CH-1", "status", charger.status(config=2, listed=2))
    service.close()
    assert "suspended" not in cloud("chargers")
    text = cloud("records", "CH-1")
    assert "15.060 kWh" in text and "00112233445566aa" not in text
    assert len(cloud("records", "CH-1", "--format", "json").splitlines()) == 2
    text = cloud("statement", "--month", "2021-03")
    assert "7.52 EUR" in text  # 6.024 + 0.50 + 1.00
    assert "CH-1: records 1..2, no gaps" in text
    whole = json.loads(cloud("statement", "--month", "2021-03", "--format", "json"))
    assert whole["statements"][0]["total"] == "7.52"
    assert "7.52" in cloud("statement", "--month", "2021-03", "--format", "csv", "--strict")
    assert "No sessions of zoe" in cloud("statement", "--month", "2021-03", "--user", "zoe")
    assert "2021-3" in cloud("statement", "--month", "2021-3", code=1)


def test_a_month_that_does_not_hold_ends_a_strict_statement(cloud, db_url):
    charger = FakeCharger()
    service = Service(db_url)
    for payload in (*charger.session(1000, charging=3600), charger.month_closed(sessions=2)):
        service.take("CH-1", "record", compact(payload))
    service.take("CH-1", "status", charger.status(store="full"))
    service.close()
    assert "available, store full" in cloud("chargers")
    words = ("statement", "--month", "2021-03")
    said = "records 1..2, 2 sessions, 1000 Wh: does not hold: sessions 2 claimed, 1 held"
    assert f"month closed on the charger: {said}" in cloud(*words)
    assert said in cloud(*words, "--strict", "--format", "json", code=1)
    text = cloud("statement", "--month", "2021-04", "--strict")
    assert "month on the charger: not closed yet" in text
    text = cloud("statement", "--month", "2021-04", "--strict", "--at", "1620000000", code=1)
    assert "not closed, though the month is over" in text


def test_gaps_and_rejected_say_so_by_their_exit_code(cloud, db_url):
    assert "No record is missing" in cloud("gaps")
    charger = FakeCharger()
    service = Service(db_url)
    service.take("CH-1", "record", charger.record(fault=7, on=True))
    charger.seq = 4
    service.take("CH-1", "record", charger.record())
    service.close()
    assert "CH-1: 2 to 4 (3)" in cloud("gaps", code=1)
    assert "bad_value" in cloud("rejected", "CH-1")
    words = ("write-off", "CH-1", "2", "4", "--reason", "flash replaced", "--store-only")
    assert "Written off" in cloud(*words)
    assert "No record is missing" in cloud("gaps", "CH-1")
    assert "written_off" in cloud("rejected", "--retry", "--store-only")


def test_orders_are_shown_with_what_became_of_them(cloud):
    text = cloud("order", "CH-1", "dance", "--broker", "127.0.0.1:1", code=1)
    assert "dance" in text
    text = cloud("order", "CH-1", "identify", "--broker", "127.0.0.1:1", code=3)
    assert "No broker answers at 127.0.0.1:1" in text
    assert "no answer" in cloud("orders", "CH-1")
    cloud("order", "CH-1", "start", code=2)


def test_settings_are_shown_and_changed(cloud):
    assert "access.lapse_s=60" in cloud("settings", "CH-1")
    cloud("settings", "CH-1", "access.lapse_s=30", "timezone=Europe/Oslo", "--store-only")
    assert "timezone=Europe/Oslo" in cloud("settings", "CH-1")
    assert "There are: access.when_off" in cloud("settings", "CH-1", "colour=red", code=1)
    assert "NAME=VALUE" in cloud("settings", "CH-1", "red", code=1)


def test_access_policies_are_settings(cloud):
    text = cloud("settings", "CH-1")
    for default in ("guests=deny", "groups=", "dead_after_start_s=5", "dead_after_stop_s=3"):
        assert f"access.{default}\n" in text
    words = ("access.groups=g-1,g-2", "access.guests=free", "access.autolock_s=600")
    cloud("settings", "CH-1", *words, "--store-only")
    text = cloud("settings", "CH-1")
    assert "access.groups=g-1,g-2" in text and "access.guests=free" in text
    cloud("enable", "CH-1", *ACTOR, "--accept", "--store-only")
    for wrong in ("access.groups=g 1", "access.guests=some", "access.dead_after_stop_s=61"):
        assert "not valid" in cloud("settings", "CH-1", wrong, "--store-only", code=1)
    cloud("settings", "CH-1", "access.groups=", "--store-only")
    assert "access.groups=\n" in cloud("settings", "CH-1")


def test_what_cannot_be_opened_is_said_plainly(tmp_path):
    runner = CliRunner()
    for url in ("nonsense", "sqlite:////nowhere/at/all.db", "mysql+nodriver://x/y"):
        result = runner.invoke(app, ["chargers", "--db", url])
        assert result.exit_code == 1 and "error: The database" in result.output
    url = f"sqlite:///{tmp_path}/x.db"
    result = runner.invoke(app, ["receive", "--db", url, "--broker", "127.0.0.1:1"])
    assert result.exit_code == 3
    result = runner.invoke(app, ["receive", "--db", url, "--broker", "http://x"])
    assert result.exit_code == 1 and "is no broker" in result.output


def test_a_new_key_is_shown_without_itself(cloud, db_url):
    cloud("rotate", "CH-9", "--store-only", code=1)
    assert "is given key up-2" in cloud("rotate", "CH-1", "--store-only")
    text = cloud("keys", "CH-1")
    assert "up-1" in text and "in use" in text and "on its way" in text
    service = Service(db_url)
    with service.store.begin() as session:
        secret = store.master_key(session, "CH-1", 2).hex()
    assert secret[:8] not in text
    cloud("asks", "CH-9", code=1)


def test_questions_are_shown_with_masked_cards(cloud, db_url):
    cloud("subscribe", "CH-1", "anna", ANNA, "--store-only")
    ref = keys.card_ref(MASTER, "ISO14443", bytes.fromhex(ANNA))
    payload = {"charger": "CH-1", "connector": 1, "id": "3-1", "type": "ISO14443", "ref": ref}
    payload["at"] = {"t": 1614593000, "q": "S"}
    service = Service(db_url, lambda: 1614593000)
    service.take("CH-1", "ask", compact(payload, typ="ask+jws"))
    text = cloud("asks", "CH-1")
    for word in ("3-1", "accepted", "anna", "no reply", ref[:4] + "…"):
        assert word in text
    assert ref not in text and ANNA not in text
