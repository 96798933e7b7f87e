"""Statements against amounts that were worked out by hand."""

import csv
import io
import json
from decimal import Decimal
from fractions import Fraction

import pytest

from host_tests.cloud.fake_charger import FakeCharger, compact, instant
from tools.cloud import rating, render, wording
from tools.cloud.errors import CloudError

MONTH = "2021-03"
PRICES = {"energy": "0.40", "time": "0.60", "parking_time": "0.50", "flat": "1.00"}


@pytest.fixture
def priced(service):
    service.enable("CH-1", actor="u-9", role="superadmin", plan="business")
    service.tariff("CH-1", "T-1", "EUR", **PRICES)
    return service


def send(service, *payloads, name="CH-1"):
    for payload in payloads:
        service.take(name, "record", compact(payload))


def lines(service, month=MONTH):
    return [line for one in service.statement(month).statements for line in one.lines]


def test_all_components_by_hand(priced, charger):
    # 15 060 Wh x 0.40 = 6.024; 13 577 s x 0.60/h = 2.262833..; 3 600 s x 0.50/h = 0.50; 1.00
    # exact sum 9.786833.. -> 9.79
    send(priced, *charger.session(15060, charging=13577, ev_suspended=3600))
    (line,) = lines(priced)
    exact = [component.exact for component in line.components]
    assert exact == [Fraction("6.024"), Fraction(13577, 6000), Fraction(1, 2), Fraction(1)]
    assert line.amount == Decimal("9.79") and line.status == "billed"


def test_withheld_time_and_outage_cost_nothing(priced, charger):
    send(priced, *charger.session(5000, charging=3600))
    send(priced, *charger.session(5000, charging=3600, evse_suspended=7200, outage=90000))
    first, second = lines(priced)
    assert first.amount == second.amount == Decimal("3.60")


def test_each_session_keeps_the_tariff_it_began_with(priced, charger):
    """Law 11: the version that was latched, not the one of today."""
    send(priced, *charger.session(10000, charging=3600))
    priced.tariff("CH-1", "T-1", "EUR", energy="1.00")
    begin = {"tariff": {"id": "T-1", "version": 2}}
    send(priced, *charger.session(10000, begin=begin, charging=3600))
    send(priced, *charger.session(10000, charging=3600))
    assert [line.amount for line in lines(priced)] == [
        Decimal("5.60"),
        Decimal("10.00"),
        Decimal("5.60"),
    ]


def test_rounding_is_once_a_line_and_half_up():
    assert rating.round_half_up(Fraction("0.005"), 2) == Decimal("0.01")
    assert rating.round_half_up(Fraction("0.0049999"), 2) == Decimal("0.00")
    assert rating.round_half_up(Fraction("2.675"), 2) == Decimal("2.68")
    assert rating.round_half_up(Fraction(-1, 200), 2) == Decimal("-0.01")
    assert rating.round_half_up(Fraction(5, 2), 0) == Decimal("3")
    # two components of 0.004 are 0.008: rounded together 0.01, one by one they would be 0.00
    times = {"charging": 3600, "ev_suspended": 3600}
    prices = [{"type": "TIME", "price": "0.004"}, {"type": "PARKING_TIME", "price": "0.004"}]
    assert rating.total(rating.components(prices, 0, times), "EUR") == Decimal("0.01")
    assert rating.total(rating.components(prices, 0, times), "KWD") == Decimal("0.008")
    assert rating.total(rating.components(prices, 0, times), "JPY") == Decimal("0")


def test_the_total_is_the_sum_of_the_lines(priced, charger):
    priced.tariff("CH-1", "T-2", "EUR", energy="0.0015")
    tariff = {"tariff": {"id": "T-2", "version": 1}}
    for _ in range(3):
        send(priced, *charger.session(3333, begin=tariff, charging=3600))  # 0.0049995 -> 0.00
    send(priced, *charger.session(10000, begin=tariff, charging=3600))  # 0.015 -> 0.02
    (statement,) = priced.statement(MONTH).statements
    assert [str(line.amount) for line in statement.lines] == ["0.00", "0.00", "0.00", "0.02"]
    assert statement.total == Decimal("0.02")
    assert statement.energy_wh == 19999


def test_free_is_listed_at_zero(priced, charger):
    send(priced, *charger.session(7000, begin={"billing": "free"}, charging=3600))
    (line,) = lines(priced)
    assert (line.status, line.amount, line.energy_wh) == ("free", Decimal("0.00"), 7000)


def test_a_guest_is_free_and_nobodys(priced, charger):
    guest = {"billing": "free", "user": "", "contract": "", "group": ""}
    guest["token"] = {"type": "ISO14443", "ref": "00112233445566aa", "method": "rfid_guest"}
    send(priced, *charger.session(7000, begin=guest, charging=3600))
    report = priced.statement("2021-03")
    assert report.statements == []
    assert [(line.status, line.amount) for line in report.unattributed] == [("guest", 0)]


def test_free_access_is_nobodys(priced, charger):
    nobody = {"billing": "none", "user": "", "contract": "", "group": "", "t_auth": None}
    nobody["token"] = {"type": "none", "ref": "", "method": "none"}
    send(priced, *charger.session(7000, begin=nobody, charging=3600))
    report = priced.statement(MONTH)
    assert report.statements == []
    assert [line.status for line in report.unattributed] == ["none"]


BAD = [
    ({"end": {"energy_wh": None, "reg_end_wh": None, "flags": ["meter_missing"]}}, "not known"),
    ({"end": {"energy_wh": 20950500}}, "difference of the registers"),
    ({"wh": 20950500}, "more energy than any charger"),
    ({"end": {"flags": ["meter_frozen"]}}, "flag meter_frozen"),
    ({"end": {"flags": ["never_heard_of"]}}, "flag never_heard_of"),
    ({"end": {"flags": ["revoked"]}}, "flag revoked"),
    ({"end": {"user": "bo"}}, "begin and end differ: user"),
    ({"begin": {"user": "", "token": {"type": "", "ref": "", "method": "none"}}}, "no subscriber"),
    ({"begin": {"tariff": None}}, "no tariff"),
    ({"begin": {"tariff": {"id": "T-9", "version": 1}}}, "T-9 version 1 is not known"),
]


@pytest.mark.parametrize("change, why", BAD)
def test_a_doubtful_session_is_listed_with_its_reason_and_not_billed(priced, charger, change, why):
    """A driver was once billed 20,950 kWh for an hour."""
    send(priced, *charger.session(charging=3600, **change))
    report = priced.statement(MONTH)
    found = [line for one in report.statements for line in one.lines] + report.unattributed
    (line,) = found
    assert line.status == "review" and line.amount == 0
    assert why in "; ".join(line.review)


def test_times_that_do_not_add_up_two_ends_and_a_missing_begin_go_to_review(priced, charger):
    begin, end = charger.session(5000, charging=3600)
    send(priced, begin, end | {"seconds": end["seconds"] | {"connected": 3601}})
    begin, end = charger.session(5000, charging=3600)
    send(priced, begin, end, charger.payload("session_end", **_body(end)))
    _, orphan = charger.session(5000, charging=3600)
    send(priced, orphan)
    why = ["; ".join(line.review) for line in lines(priced)]
    assert why == ["the times do not add up", *["2 ends for one session"] * 2, "no begin record"]


def _body(payload):
    common = ("charger", "connector", "seq", "boot", "kind", "up_ms", "at")
    return {name: value for name, value in payload.items() if name not in common}


def test_harmless_flags_are_billed(priced, charger):
    flags = ["zero_energy", "outage", "samples_thinned", "unplug_unseen"]
    end = {"flags": flags, "t_unplug": None}
    send(priced, *charger.session(0, end=end, charging=20))
    (line,) = lines(priced)
    assert line.status == "billed" and line.amount == Decimal("1.00")


def test_a_session_belongs_to_the_local_month_in_which_it_ended(priced, charger):
    priced.settings("CH-1", timezone="America/Los_Angeles")
    charger.now_s = 1617258600  # 2021-03-31 23:30 in Los Angeles, 2021-04-01 06:30Z
    send(priced, *charger.session(1000, charging=600))  # ends 23:40
    send(priced, *charger.session(2000, charging=3600))  # ends after midnight
    assert [line.energy_wh for line in lines(priced, "2021-03")] == [1000]
    assert [line.energy_wh for line in lines(priced, "2021-04")] == [2000]
    assert [one.energy_wh for one in priced.statement("2021-04", tz="UTC").statements] == [3000]


def test_an_end_without_a_time_is_shown_in_the_month_of_receipt(priced, charger):
    unknown = instant(None, "U")
    begin, end = charger.session(1000, end={"t_stop": unknown, "t_unplug": unknown}, charging=600)
    send(priced, begin, end | {"at": unknown})
    (line,) = lines(priced)
    assert "not known" in line.review[0]


def test_reconciliation_that_holds(priced, charger):
    for wh in (1000, 2000, 3000):
        send(priced, *charger.session(wh, charging=3600))
    (check,) = priced.statement(MONTH).chargers
    assert (check.first_seq, check.last_seq, check.gaps) == (1, 6, [])
    assert check.sessions_wh == check.register_wh == 6000
    assert check.holds
    assert wording.reconciliation(check).endswith("OK")


def test_reconciliation_finds_gaps_jumps_and_open_sessions(priced, charger):
    send(priced, *charger.session(1000, charging=3600))
    charger.seq += 2  # two records never came
    charger.register_wh += 77  # and the register moved
    send(priced, *charger.session(2000, charging=3600))
    begin, _ = charger.session(1, charging=1)
    send(priced, begin)
    (check,) = priced.statement(MONTH).chargers
    assert check.gaps == [(3, 4)]
    assert [(one.before, one.after, one.wh) for one in check.breaks] == [("CH-1-1", "CH-1-2", 77)]
    assert (check.sessions_wh, check.register_wh, check.difference_wh) == (3000, 3077, 77)
    assert check.open_sessions == ["CH-1-3"]
    text = wording.reconciliation(check)
    assert "missing 3-4" in text and "+77 Wh" in text and text.endswith("LOOK")


def test_the_chain_reaches_over_months_and_meters(priced, charger):
    send(priced, *charger.session(1000, charging=3600))
    charger.now_s += 31 * 86400
    charger.register_wh += 5
    send(priced, *charger.session(1000, charging=3600))
    (check,) = priced.statement("2021-04").chargers
    assert [one.wh for one in check.breaks] == [5]
    charger.serial, charger.register_wh = "M2", 0
    send(priced, *charger.session(500, charging=3600))
    (check,) = priced.statement("2021-04").chargers
    assert [one.wh for one in check.breaks] == [5, None]
    assert (check.register_wh, check.difference_wh) == (1500, 0)


def test_several_chargers_and_contracts(priced, charger):
    other = FakeCharger("CH-2", serial="M9")
    priced.register("CH-2", bytes(range(32)).hex())
    send(priced, *charger.session(1000, charging=600))
    send(priced, *other.session(2000, charging=600), name="CH-2")
    send(priced, *charger.session(3000, begin={"contract": "c-2"}, charging=600))
    report = priced.statement(MONTH)
    assert [(one.user, one.contract, one.energy_wh) for one in report.statements] == [
        ("anna", "c-1", 3000),
        ("anna", "c-2", 3000),
    ]
    assert [one.charger for one in report.chargers] == ["CH-1", "CH-2"]


def test_the_same_records_give_the_same_statement(priced, charger):
    for wh in (1000, 2000):
        send(priced, *charger.session(wh, charging=3600))
    first = render.to_json(priced.statement(MONTH))
    again = priced.records("CH-1")
    assert len(again) == 4
    assert render.to_json(priced.statement(MONTH)) == first
    assert render.to_csv(priced.statement(MONTH)) == render.to_csv(priced.statement(MONTH))


def test_json_and_csv_say_the_same(priced, charger):
    send(priced, *charger.session(15060, charging=13577, ev_suspended=3600))
    send(priced, *charger.session(1000, end={"flags": ["revoked"]}, charging=60))
    report = priced.statement(MONTH)
    whole = json.loads(render.to_json(report))
    assert whole["statements"][0]["total"] == "9.79"
    assert whole["reconciliation"][0]["holds"] is True
    rows = list(csv.DictReader(io.StringIO(render.to_csv(report))))
    assert [row["row"] for row in rows] == ["billed", "review", "total", "reconciliation"]
    assert rows[0]["energy_exact"] == "6.024000" and rows[0]["time_exact"] == "2.262833"
    assert rows[2]["amount"] == "9.79" and rows[1]["review"] == "flag revoked"
    assert rows[3]["register_wh"] == "16060" and rows[3]["difference_wh"] == "0"
    assert rows[3]["closing"] == "not closed yet" and rows[3]["sessions"] == "2"


def test_a_spreadsheet_sees_no_formula(priced, charger):
    send(priced, *charger.session(1000, begin={"user": "@SUM"}, charging=60))
    row = next(csv.DictReader(io.StringIO(render.to_csv(priced.statement(MONTH)))))
    assert row["user"] == "'@SUM"


def test_a_month_is_a_month(service):
    for wrong in ("2021-13", "2021", "march", "2021-3", "0000-01"):
        with pytest.raises(CloudError, match="month"):
            service.statement(wrong)
