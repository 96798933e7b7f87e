"""A real charger's image over a real broker: an unknown card that is asked about, and a new key in mid-session."""

import pytest

from tools.cloud import jws, keys
from tools.cloud.models import Record
from tools.demo.stage import CHARGER, Stage
from tools.setup import interpreters

START_S = 1614556800  # 2021-03-01T00:00:00Z
ANNA, CARL, STRANGER = "04A2B3C4D5E6F7", "DEADBEEF", "04C0FFEE123456"
WORDS = [interpreter.word_bits for interpreter in interpreters()]


def enabled(stage):
    service = stage.service
    service.settings(CHARGER, access__unknown="ask")
    service.tariff(CHARGER, "T-1", "EUR", energy="0.40", flat="1.00")
    stage.publish(service.enable(CHARGER, actor="u-9", role="superadmin", plan="business"))
    stage.publish(service.subscribe(CHARGER, "anna", ANNA, contract="c-1"))
    stage.wait("flag and list", lambda: applied(service.charger(CHARGER)))


def applied(charger):
    config = charger.config_applied == charger.config_version
    return config and charger.list_applied == charger.list_version


def session_of(stage):
    return stage.charger.client.status()["session"]


@pytest.mark.parametrize("word", WORDS)
def test_an_unknown_card_is_asked_about_and_a_new_key_comes_in_mid_session(tmp_path, word):
    kind = "mosquitto" if word == 32 else "amqtt"
    with Stage(tmp_path, kind, START_S, word=word) as stage:
        service, client = stage.service, stage.charger.client
        enabled(stage)
        stage.advance(60)
        client.do("plug", max_a=32, a=16, wh=3000)
        stage.advance(2)

        client.do("tap", uid=STRANGER)
        stage.advance(1)
        stage.wait("the stranger's answer", lambda: len(service.asks_of(CHARGER)) == 1)
        stage.advance(60)
        assert client.world()["energy_uj"] == 0

        service.subscribe(CHARGER, "carl", CARL, contract="c-9")  # and the list is not sent
        client.do("tap", uid=CARL)
        stage.advance(0)
        stage.wait("the session of the card that was asked about", lambda: session_of(stage))
        stage.advance(900)

        stage.publish(service.rotate(CHARGER))
        stage.wait("the new key", lambda: service.keys_of(CHARGER)[-1][1].done_at is not None)
        stage.wait("the configuration", lambda: applied(service.charger(CHARGER)))
        stage.advance(600)
        stage.cut(dark_s=300)
        client = stage.charger.client
        stage.advance(5400)
        client.do("unplug")
        stage.advance(60)

        client.do("tap", uid=ANNA)
        stage.advance(2)
        client.do("plug", max_a=32, a=16, wh=1000)
        stage.advance(3600)
        client.do("unplug")
        stage.advance(60)
        stage.wait("the last records", lambda: client.status()["unsent"] == 0)

        world = client.world()
        report = service.statement("2021-03")
        lines = {line.user: line for one in report.statements for line in one.lines}
        assert {user: line.energy_wh for user, line in lines.items()} == {
            "anna": 1000,
            "carl": 3000,
        }
        assert all(line.status == "billed" for line in lines.values())
        assert sum(line.energy_wh for line in lines.values()) * 3_600_000_000 == world["energy_uj"]
        assert report.chargers[0].holds and service.rejected() == []

        begin = service.records(CHARGER, kind="session_begin")[0]
        assert (begin["token"]["method"], begin["contract"]) == ("rfid_online", "c-9")
        stranger, carl = service.asks_of(CHARGER)
        assert (stranger[0].reason, carl[0].result, carl[1].reason) == (
            "unknown",
            "accepted",
            "ok",
        )
        first_seq = service.keys_of(CHARGER)[-1][1].first_seq
        with service.store.begin() as session:
            signed = by_number(session)
        assert len(signed) == service.charger(CHARGER).upto
        for seq, generation in signed.items():
            assert generation == (2 if seq >= first_seq else 1), seq


def by_number(session):
    """The generation that signed each record."""
    rows = session.query(Record).filter(Record.charger == CHARGER)
    return {row.seq: jws.generation(row.jws, keys.UP) for row in rows}
