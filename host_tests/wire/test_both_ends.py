"""The real agent and the real service, message by message: every one against its published schema."""

import json
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete

from hal.mock.world import UJ_PER_WH
from host_tests.scenarios.bench import ANNA, BO, CARL, CHARGER, MASTER, Bench, hex_of
from tools.cloud import jws, keys, schemas, store, wording
from tools.cloud.models import Record
from tools.cloud.service import Service
from tools.cloud.zones import month_bounds

SIGNED = {"config": "config+jws", "list": "list+jws", "order": "order+jws", "ack": "ack+jws"}


class Served(Bench):
    """A charger on the bench whose service is tools.cloud. `seen`: the leaves that were checked."""

    def __init__(self, db_url):
        self.service = Service(db_url, lambda: self.now_s)
        self.service.register(CHARGER, MASTER.hex())
        self.seen = []
        self.sent = {}
        super().__init__(enabled=False)

    def master(self, generation):
        with self.service.store.begin() as session:
            return store.master_key(session, CHARGER, generation)

    def opened(self, typ, token):
        return jws.verify(bytes(token), keys.UP, typ, self.master)

    def receive(self, leaf, payload):
        self.check_up(leaf, payload)
        self.seen.append(leaf)
        super().receive(leaf, payload)
        if leaf == "record":
            seq = jws.peek(payload)["seq"]
            assert self.sent.setdefault(seq, payload) == payload, "law 5: other bytes"
        self.deliver(self.service.take(CHARGER, leaf, payload))

    def acknowledge(self):
        """The service does that."""

    def deliver(self, down):
        for leaf, payload, _retain in down:
            self.check_down(leaf, payload)
            self.seen.append(leaf)
            self.charger.on_message(self.up_ms, leaf, payload)
        self.pump()

    def lines(self, month="2021-03"):
        report = self.service.statement(month)
        return [line for one in report.statements for line in one.lines]

    def check_up(self, leaf, payload):
        if leaf in ("record", "ask"):
            message = self.opened(leaf + "+jws", payload)
            assert leaf == "ask" or message["kind"] in known_kinds(), message["kind"]
        else:
            message = json.loads(payload)
        assert schemas.problem(leaf, message) == "", message

    def check_down(self, leaf, payload):
        assert len(payload) <= jws.MAX_DOWN_BYTES
        message = jws.verify(payload, keys.DOWN, SIGNED[leaf], self.master)
        assert schemas.problem(leaf, message) == "", message


def known_kinds():
    return {path.stem[7:] for path in schemas.FOLDER.glob("record_*.json")}


@pytest.fixture
def served(tmp_path):
    bench = Served(f"sqlite:///{tmp_path}/cloud.db")
    yield bench
    bench.service.close()


def commission(bench):
    service = bench.service
    bench.deliver(service.enable(CHARGER, actor="u-9", role="superadmin", plan="business"))
    bench.deliver(service.tariff(CHARGER, "T-1", "EUR", energy="0.40", parking_time="0.50"))
    bench.deliver(service.subscribe(CHARGER, "anna", hex_of(ANNA), contract="c-1"))
    bench.deliver(service.subscribe(CHARGER, "bo", hex_of(BO), billing="free"))
    charger = service.charger(CHARGER)
    assert (charger.config_applied, charger.list_applied) == (2, 2)


def test_a_month_of_two_subscribers(served):
    commission(served)
    served.charge(ANNA, 3000, rest_s=1800)
    served.charge(BO, 2000)
    served.tap(CARL)
    served.run(3600)
    billed, free = served.lines()
    assert (billed.user, billed.status) == ("anna", "billed")
    assert (free.user, free.status, free.amount) == ("bo", "free", 0)
    assert billed.energy_wh + free.energy_wh == served.world.register_wh()
    hours = Decimal(billed.seconds["ev_suspended"]) / 3600
    assert abs(billed.amount - (Decimal(billed.energy_wh) / 2500 + hours / 2)) <= Decimal("0.005")
    (check,) = served.service.statement("2021-03").chargers
    assert check.holds
    assert served.charger.unsent == 0 and served.service.rejected() == []
    assert {"record", "status", "reply", "config", "list", "ack"} <= set(served.seen)


def test_what_happened_offline_arrives_and_is_billed_once(served):
    commission(served)
    served.link(False)
    served.tap(ANNA)
    served.plug(16000, 2000)
    served.run(4000)
    served.unplug()
    assert served.lines() == []
    served.link(True)
    (line,) = served.lines()
    assert line.offline and line.energy_wh == served.world.register_wh()


def test_a_power_cut_is_one_session_and_its_outage_costs_nothing(served):
    commission(served)
    served.tap(ANNA)
    served.plug(16000)
    served.run(600)
    served.power_cut(300)
    served.run(600)
    served.unplug()
    served.run(60)
    (line,) = served.lines()
    assert line.seconds["outage"] > 0 and line.status == "billed"
    assert line.energy_wh == served.world.register_wh()


def test_a_lost_database_record_is_asked_for_and_comes_back_the_same(served):
    """Law 5: a record that is sent again is byte-identical."""
    commission(served)
    served.charge(ANNA, 1000)
    before = len(served.sent)
    other = Service("sqlite://", lambda: served.now_s)
    served.service.close()
    served.service = other
    other.register(CHARGER, MASTER.hex())
    other.resync(CHARGER)
    served.link(False)
    served.link(True)
    served.tap(CARL)
    served.run(1800)
    assert other.gaps(CHARGER) == [] and other.charger(CHARGER).upto > before


def test_the_charger_closes_its_months_and_the_service_agrees(served):
    """Law 18, also for a charger that was dark over two month ends."""
    commission(served)
    served.charge(ANNA, 3000)
    served.charge(BO, 2000)
    assert served.service.statement("2021-03").chargers[0].closing == "not closed yet"
    served.run(month_bounds("2021-03", ZoneInfo("UTC"))[1] - served.now_s + 3600)
    served.charge(ANNA, 1000)
    served.power_cut(75 * 86400)
    served.run(600)
    for month, sessions in (("2021-03", 2), ("2021-04", 1), ("2021-05", 0)):
        (line,) = served.service.statement(month).chargers
        assert (line.closing, line.holds) == ("holds", True), wording.findings(line)
        assert line.claims[0].sessions == sessions
    assert served.service.statement("2021-06").chargers[0].closing == "not closed yet"
    assert served.service.rejected() == []


def test_a_lost_record_of_a_closed_month_comes_back(served):
    commission(served)
    served.charge(ANNA, 3000)
    with served.service.store.begin() as session:
        session.execute(delete(Record).where(Record.kind == "session_end"))
    served.run(month_bounds("2021-03", ZoneInfo("UTC"))[1] - served.now_s + 60)
    (line,) = served.service.statement("2021-03").chargers
    assert (line.closing, line.claims[0].sessions) == ("holds", 1)
    assert [order.reason for order in served.service.orders_of(CHARGER)] == ["ok"]


def test_energy_between_two_sessions_is_told_by_both_ends(served):
    commission(served)
    served.charge(ANNA, 1000)
    served.world.energy_uj += 50 * UJ_PER_WH
    served.run(5)
    served.charge(ANNA, 1000)
    (line,) = served.service.statement("2021-03").chargers
    assert [gap.after_wh - gap.before_wh for gap in line.register_gaps] == [50]
    assert [one.wh for one in line.breaks] == [50] and not line.holds


def test_every_order_is_answered(served):
    commission(served)
    for do in ("identify", "lock", "unlock", "stop", "self_test", "update", "set_time", "trace"):
        served.deliver(served.service.order(CHARGER, do))
    served.deliver(
        served.service.order(
            CHARGER, "start", user="anna", contract="c-1", group="", billing="ppm"
        )
    )
    served.deliver(served.service.order(CHARGER, "resend", from_=1, to=3))
    reasons = {order.do: order.reason for order in served.service.orders_of(CHARGER)}
    assert reasons["identify"] == reasons["set_time"] == reasons["resend"] == "ok"
    assert reasons["stop"] == "no_session"
    assert reasons["self_test"] == "not_supported"
    assert all(reasons.values()), reasons


def test_policies_guests_and_the_trace_travel(served):
    commission(served)
    service = served.service
    service_says = {"access__guests": "free", "access__dead_after_stop_s": 0}
    served.deliver(service.settings(CHARGER, **service_says))
    served.charge(CARL, 500)
    line = service.statement("2021-03").unattributed[-1]
    assert (line.status, line.user, line.energy_wh) == ("guest", "", 500)
    served.deliver(service.settings(CHARGER, access__guests="deny", access__groups=["g-9"]))
    served.deliver(service.subscribe(CHARGER, "dora", "01020304", billing="none"))
    served.tap(ANNA)
    served.tap(CARL)
    refused = service.records(CHARGER, kind="access_refused")
    assert [(one["reason"], one["rule"]) for one in refused] == [
        ("wrong_group", "P1"),
        ("unknown", "L3"),
    ]
    served.deliver(service.settings(CHARGER, access__groups=[]))
    served.tap(bytes((1, 2, 3, 4)))
    assert service.records(CHARGER, kind="access_refused")[-1]["reason"] == "not_subscribed"
    served.deliver(service.order(CHARGER, "trace"))
    trace = served.replies[-1]["trace"]
    assert [one["rule"] for one in trace] == ["Y2", "P1", "L3", "P2"]
    assert all(reply["result"] != "refused" for reply in served.replies), served.replies


def test_a_long_list_in_parts_then_a_difference(served):
    commission(served)
    cards = [{"user": f"u-{n}", "uid": f"{n * 7919 + 1:08X}", "contract": "c"} for n in range(90)]
    served.deliver(served.service.subscribe_many(CHARGER, cards))
    served.run(1)
    assert served.status["list"] == {**served.status["list"], "version": 3, "count": 92}
    served.deliver(served.service.unsubscribe(CHARGER, "u-7"))
    served.run(1)
    assert served.status["list"]["count"] == 91
    assert all(reply["result"] != "refused" for reply in served.replies), served.replies


class Losing(Served):
    """Parts of a list get lost, and the power goes behind some. arrived: the parts that came, in order."""

    def __init__(self, db_url):
        self.lost = set()
        self.cut_after = set()
        self.arrived = []
        self.queue = []
        self.delivering = False
        super().__init__(db_url)

    def deliver(self, down):
        self.queue += down  # in the order of a broker, however deep we are in an answer
        if self.delivering:
            return
        self.delivering = True
        while self.queue:
            one = self.queue.pop(0)
            part = jws.peek(one.payload)["part"] if one.leaf == "list" else None
            if part in self.lost:
                self.lost.discard(part)
                continue
            super().deliver([one])
            if part is not None:
                self.arrived.append(part)
            if part in self.cut_after:
                self.cut_after.discard(part)
                self.queue.clear()  # what else was on its way is gone with the connection
                self.power_cut(5, online=False)
        self.delivering = False


def test_a_lost_part_and_a_cut_send_on_from_where_the_charger_is(tmp_path):
    served = Losing(f"sqlite:///{tmp_path}/cloud.db")
    commission(served)
    served.arrived.clear()
    cards = [{"user": f"u-{n}", "uid": f"{n * 7919 + 1:08X}", "contract": "c"} for n in range(500)]
    served.lost = {4, 21}
    served.cut_after = {9, 18}
    served.deliver(served.service.subscribe_many(CHARGER, cards))
    for _ in range(4):
        served.link(True)
        served.run(30)
    assert served.status["list"] == {**served.status["list"], "version": 3, "count": 502}
    assert not served.lost and not served.cut_after
    # 25 parts; two losses cost at most what was on its way behind them, the cuts nothing
    print("parts that came:", served.arrived)
    assert sorted(set(served.arrived)) == list(range(1, 26)) and len(served.arrived) <= 25 + 2 * 16
    assert served.arrived.count(1) == served.arrived.count(2) == 1
    served.service.close()


def test_who_is_blocked_in_the_portal_is_refused_within_two_seconds(served):
    """The message's way apart: by the world's clock from its arrival, also after a cut."""
    commission(served)
    cards = [{"user": f"u-{n}", "uid": f"{n * 7919 + 1:08X}", "contract": "c"} for n in range(300)]
    served.deliver(served.service.subscribe_many(CHARGER, cards))
    served.run(2)
    uid = bytes.fromhex(cards[7]["uid"])
    assert served.charge(uid, 100)["user"] == "u-7"
    served.deliver(served.service.subscribe(CHARGER, "u-7", cards[7]["uid"], status="blocked"))
    served.run(1.5)
    served.tap(uid)
    assert served.world.now_ms and served.charger.connector.state == "available"
    assert served.last("access_refused")["reason"] == "blocked"
    served.power_cut(10)
    served.run(1.5)
    served.tap(uid)
    assert served.charger.connector.state == "available"
    assert served.last("access_refused")["reason"] == "blocked"
