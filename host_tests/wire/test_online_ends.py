"""The real agent and the real service: cards that are asked about, and a new key, message by message."""

import pytest

from host_tests.scenarios.bench import ANNA, BO, CARL, CHARGER, hex_of
from host_tests.wire.test_both_ends import Served, commission
from tools.cloud import jws, keys
from tools.cloud.errors import CloudError

DORA = bytes((0x04, 0x99, 0x98, 0x97, 0x96, 0x95, 0x94))


@pytest.fixture
def served(tmp_path):
    bench = Served(f"sqlite:///{tmp_path}/cloud.db")
    commission(bench)
    bench.deliver(bench.service.settings(CHARGER, access__unknown="ask"))
    yield bench
    bench.service.close()


def results(served):
    return [
        (ask.result, ask.reason, ask.user, order.reason)
        for ask, order in served.service.asks_of(CHARGER)
    ]


def test_a_card_whose_list_has_not_arrived_charges_and_is_billed(served):
    served.service.subscribe(CHARGER, "carl", hex_of(CARL), contract="c-9")  # not delivered
    served.plug(wh=1500)
    served.tap(CARL)
    served.run(3000)
    served.unplug()
    assert results(served) == [("accepted", "", "carl", "ok")]
    (line,) = served.lines()
    assert (line.user, line.energy_wh, line.status) == ("carl", 1500, "billed")
    end = served.last("session_end")
    assert (end["token"]["method"], end["contract"]) == ("rfid_online", "c-9")
    assert served.service.statement("2021-03").chargers[0].holds
    assert "ask" in served.seen and served.service.rejected() == []


def test_everybody_else_hears_why_not(served):
    service = served.service
    service.register("CH-2", "22" * 32)
    service.subscribe("CH-2", "dora", hex_of(DORA))
    expected = []
    for number, status in enumerate(("blocked", "pending", "expired")):
        uid = bytes((4, number, 1, 1, 1, 1, 1))
        service.subscribe(CHARGER, f"u-{number}", hex_of(uid), status=status)
        served.tap(uid)
        reason = "subscription_expired" if status == "expired" else status
        expected.append(("refused", reason, "", "ok"))
        served.run(5)
    served.tap(DORA)
    served.run(5)
    served.tap(CARL)
    served.run(5)
    expected += [("refused", "not_subscribed", "", "ok"), ("refused", "unknown", "", "ok")]
    assert results(served) == expected
    told = [record["reason"] for record in served.of_kind("access_refused")]
    assert told == [reason for _, reason, _, _ in expected][:4], "the hour's allowance"
    assert served.world.energy_uj == 0


def test_a_card_of_a_start_by_app_is_named_as_the_charger_names_it(served):
    served.plug(wh=900)
    down = served.service.order(
        CHARGER, "start", user="anna", contract="c-1", group="", billing="ppm", card=hex_of(ANNA)
    )
    served.deliver(down)
    served.run(60)
    served.tap(ANNA)
    served.unplug()
    end = served.last("session_end")
    assert (end["stop_reason"], end["token"]["method"]) == ("Local", "app_cloud")


def test_a_user_who_is_blocked_in_the_portal_loses_a_session_by_app(served):
    served.deliver(served.service.settings(CHARGER, access__revoked_running="stop"))
    served.plug()
    terms = {"contract": "c-1", "group": "", "billing": "ppm"}
    served.deliver(served.service.order(CHARGER, "start", user="anna", **terms))
    served.run(60)
    served.deliver(served.service.subscribe(CHARGER, "anna", hex_of(ANNA), status="blocked"))
    served.run(5)
    served.unplug()
    assert served.last("session_end")["flags"] == ["revoked"]
    assert served.last("session_end")["stop_reason"] == "DeAuthorized"


def test_a_rotation_in_mid_session_and_a_statement_that_reconciles(served):
    service = served.service
    served.charge(BO, 700)
    served.tap(ANNA)
    served.plug(wh=2000)
    served.run(600)
    served.deliver(service.rotate(CHARGER))
    served.run(1800)
    served.power_cut(30)
    served.run(600)
    served.unplug()
    served.charge(BO, 300)
    (first, _), (second, rotation) = service.keys_of(CHARGER)
    assert (first, second) == (1, 2) and rotation.done_at is not None
    assert rotation.first_seq == served.last("key_changed")["seq"]
    for seq, token in served.sent.items():
        assert jws.generation(bytes(token), keys.UP) == (2 if seq >= rotation.first_seq else 1)
    charger = service.charger(CHARGER)
    assert jws.generation(charger.config_jws, keys.DOWN) == 2
    assert charger.config_applied == charger.config_version
    assert sum(line.energy_wh for line in served.lines()) == served.world.register_wh() == 3000
    assert service.statement("2021-03").chargers[0].holds
    assert served.status["key"] == 2 and service.rejected() == []
    served.deliver(service.order(CHARGER, "resend", from_=1, to=len(served.kinds)))
    served.run(5)
    served.check_numbers()
    with pytest.raises(CloudError):
        service.order(CHARGER, "rotate", generation=3)


def test_a_rotation_whose_order_or_answer_is_lost_is_sent_again(served):
    service = served.service
    service.rotate(CHARGER)  # lost on the way
    served.run(60)
    assert served.status["key"] == 1
    served.run(1800)  # the next status says that it lacks the key
    assert served.status["key"] == 2
    assert service.keys_of(CHARGER)[-1][1].done_at is not None
    # Another one whose answer, and every record after it, is lost for a while.
    down = service.rotate(CHARGER)
    deliver, served.deliver = served.deliver, lambda down: None
    for leaf, payload, _ in down:
        served.charger.on_message(served.up_ms, leaf, payload)
    served.power_cut(10)
    served.deliver = deliver
    served.run(2000)
    assert served.status["key"] == 3
    assert service.keys_of(CHARGER)[-1][1].done_at is not None
    served.charge(ANNA, 100)
    served.check_numbers()
    assert service.rejected() == []
