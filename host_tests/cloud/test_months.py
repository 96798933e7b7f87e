"""A month that the charger closed, held against the records of its range (law 18)."""

import csv
import io
import json

import pytest

from host_tests.cloud.fake_charger import compact, instant, opened
from tools.cloud import render, schemas, wording
from tools.cloud.models import Record
from tools.cloud.zones import month_bounds, zone

MONTH = "2021-03"
APRIL_S = month_bounds(MONTH, zone("UTC"))[1]


def send(service, *payloads, name="CH-1"):
    """{leaf: payload} of the answer to the last one."""
    for payload in payloads:
        down = service.take(name, "record", compact(payload))
    return {one.leaf: opened(one.payload)[1] for one in down}


def checked(service, month=MONTH):
    (line,) = service.statement(month).chargers
    return line


def words(line):
    return [text for text, _ in wording.findings(line)]


def lose(service, *seqs):
    """Records that were stored and acknowledged are gone: a table was restored, a row deleted."""
    with service.store.begin() as session:
        for seq in seqs:
            session.delete(session.get_one(Record, ("CH-1", seq)))


def month_of(charger, sessions=3):
    return [
        payload
        for number in range(sessions)
        for payload in charger.session(1000 * (number + 1), charging=3600, ev_suspended=60)
    ]


def test_a_claim_that_holds(service, charger):
    send(service, *month_of(charger), charger.month_closed())
    line = checked(service)
    assert (line.closing, line.holds) == ("holds", True)
    assert words(line) == ["month closed on the charger: records 1..6, 3 sessions, 6000 Wh: holds"]
    (claim,) = line.claims
    assert (claim.seq, claim.seconds["ev_suspended"], claim.differences) == (7, 180, [])


def test_an_unknown_energy_is_counted_and_not_summed(service, charger):
    blind = {"energy_wh": None, "reg_end_wh": None, "flags": ["meter_missing"]}
    send(service, *charger.session(1000, charging=60), *charger.session(0, end=blind, charging=60))
    send(service, charger.month_closed())
    line = checked(service)
    assert (line.closing, line.claims[0].unknown) == ("holds", 1)
    assert "1000 Wh and 1 without known energy: holds" in words(line)[0]


@pytest.mark.parametrize(
    "lie, said",
    [
        ({"sessions": 4}, "sessions 4 claimed, 3 held"),
        ({"energy_wh": 6001}, "energy_wh 6001 claimed, 6000 held"),
        ({"unknown": 1}, "unknown 1 claimed, 0 held"),
        ({"seconds": {"connected": 1}}, "connected 1 claimed, 10980 held"),
        ({"seconds": {"charging": 1}}, "charging 1 claimed, 10800 held"),
        ({"seconds": {"ev_suspended": 1}}, "ev_suspended 1 claimed, 180 held"),
        ({"seconds": {"evse_suspended": 1}}, "evse_suspended 1 claimed, 0 held"),
        ({"seconds": {"outage": 1}}, "outage 1 claimed, 0 held"),
        ({"first_seq": 2}, "the range begins at 2, the one before it ended at 0"),
        ({"last_seq": 5}, "the range ends at 5, the record itself is 7"),
        ({"first_seq": 9}, "the range 9..6 is none"),
    ],
)
def test_every_figure_of_a_claim_is_held_against_the_records(service, charger, lie, said):
    send(service, *month_of(charger), charger.month_closed(**lie))
    line = checked(service)
    assert (line.closing, line.holds) == ("does not hold", False)
    assert said in words(line)[0].split(": does not hold: ")[1].split("; ")


def test_missing_records_are_named_and_asked_for_with_one_order(service, charger):
    """A hole above `upto`: the intake's own order is the only one."""
    payloads = [*month_of(charger), charger.month_closed()]
    send(service, *payloads[:2])
    answers = send(service, payloads[5], payloads[6])
    assert answers["ack"]["upto"] == 2
    assert [(one.do, json.loads(one.payload)["from"]) for one in service.orders_of("CH-1")] == [
        ("resend", 3)
    ]
    line = checked(service)
    assert line.claims[0].missing == [(3, 5)]
    assert (
        "missing 3-5; sessions 3 claimed, 2 held; energy_wh 6000 claimed, 4000" in words(line)[0]
    )
    send(service, *payloads[2:5])
    assert checked(service).holds


def test_a_claim_finds_what_no_hole_shows_and_asks_for_it_once(service, charger, clock):
    payloads = month_of(charger)
    send(service, *payloads)
    lose(service, 3, 4)
    assert service.gaps("CH-1") == []
    answers = send(service, charger.month_closed())
    assert answers["ack"]["upto"] == 7  # what was named stays named
    order = answers["order"]
    assert (order["do"], order["from"], order["to"], order["n"]) == ("resend", 3, 4, 1)
    assert service.gaps("CH-1") == [(3, 4)]
    assert service.take("CH-1", "status", charger.status()) == []
    clock.unix_s += 61
    assert "order" not in send(service, charger.payload("fault", fault="rcd", on=True))
    (down,) = service.take("CH-1", "status", charger.status())
    assert opened(down.payload)[1]["n"] == 2
    send(service, *payloads[2:4])
    assert service.gaps("CH-1") == [] and checked(service).closing == "holds"
    clock.unix_s += 61
    assert service.take("CH-1", "status", charger.status()) == []


def test_a_hole_comes_before_a_claimed_gap(service, charger, clock):
    """A hole holds up what comes after it."""
    send(service, *month_of(charger))
    lose(service, 2)
    answers = send(service, charger.month_closed())
    assert answers["order"]["from"] == 2
    charger.seq += 1
    answers = send(service, charger.payload("fault", fault="rcd", on=True))
    assert (answers["order"]["from"], answers["order"]["n"]) == (8, 2)
    clock.unix_s += 61
    (down,) = service.take("CH-1", "status", charger.status())
    assert opened(down.payload)[1]["from"] == 8
    assert service.gaps("CH-1") == [(2, 2), (8, 8)]


def test_what_was_set_aside_or_written_off_is_not_held(service, charger, clock):
    payloads = month_of(charger)
    payloads[3] = payloads[3] | {"seconds": {"connected": 1}}
    closed = charger.month_closed()
    send(service, *payloads)
    lose(service, 2)
    send(service, closed)
    service.write_off("CH-1", 1, 9, "flash was replaced")
    assert service.gaps("CH-1") == []
    clock.unix_s += 61
    assert service.take("CH-1", "status", charger.status()) == []
    line = checked(service)
    assert (line.claims[0].missing, line.claims[0].set_aside) == ([], [2, 4])
    assert "set aside 2, 4; sessions 3 claimed, 1 held" in words(line)[0]
    assert not line.holds


def test_ranges_follow_each_other(service, charger):
    send(service, *month_of(charger), charger.month_closed())
    charger.now_s = APRIL_S
    send(service, *month_of(charger, 1), charger.month_closed("2021-04"))
    (claim,) = checked(service, "2021-04").claims
    assert (claim.first_seq, claim.last_seq, claim.state) == (7, 9, "holds")
    charger.closed_to += 1
    send(service, *month_of(charger, 1), charger.month_closed("2021-05"))
    (claim,) = checked(service, "2021-05").claims
    assert claim.order == ["the range begins at 11, the one before it ended at 9"]


def test_a_closing_that_is_missing_is_named_like_any_record(service, charger):
    send(service, *month_of(charger, 1))
    charger.month_closed("2021-02")
    send(service, *month_of(charger, 1), charger.month_closed())
    (claim,) = checked(service).claims
    assert (claim.first_seq, claim.missing, claim.order) == (3, [(3, 3)], [])


def test_several_dark_months_and_an_empty_range(service, charger, clock):
    send(service, charger.month_closed("2021-01"))  # before any other record
    send(service, charger.month_closed("2021-02"), *month_of(charger, 1))
    send(service, charger.month_closed())
    assert words(checked(service, "2021-01")) == [
        "month closed on the charger: no records, 0 sessions, 0 Wh: holds"
    ]
    (claim,) = checked(service, "2021-02").claims
    assert (claim.first_seq, claim.last_seq, claim.state) == (1, 1, "holds")
    (claim,) = checked(service).claims
    assert (claim.first_seq, claim.last_seq, claim.state) == (2, 4, "holds")


def test_a_month_closed_twice_does_not_hold(service, charger):
    send(service, *month_of(charger), charger.month_closed(), charger.month_closed())
    line = checked(service)
    assert line.closing == "does not hold" and not line.holds
    assert words(line)[0].endswith("the month was closed again by record 8")


def test_a_month_that_is_not_closed_yet(service, charger, clock):
    assert words(checked(service)) == ["month on the charger: nothing to close"]
    send(service, *month_of(charger))
    assert words(checked(service)) == ["month on the charger: not closed yet"]
    clock.unix_s = APRIL_S + 86399
    assert checked(service).holds
    clock.unix_s += 1
    line = checked(service)
    assert (line.closing, line.holds) == ("not closed, though the month is over", False)
    assert checked(service, "2021-02").holds  # it had no records before March
    send(service, charger.month_closed())
    assert checked(service).holds


def test_the_month_is_over_in_the_chargers_own_zone(service, charger, clock):
    service.settings("CH-1", timezone="America/Los_Angeles")
    send(service, *month_of(charger))
    clock.unix_s = APRIL_S + 86400 + 7 * 3600 - 1
    assert service.statement(MONTH, tz="UTC").chargers[0].closing == "not closed yet"
    clock.unix_s += 1
    assert service.statement(MONTH, tz="UTC").chargers[0].closing.startswith("not closed, though")


def test_a_charger_that_was_in_use_before_is_not_blamed(service, charger):
    service.register("CH-2", bytes(range(32)).hex(), first_seq=501)
    charger.name, charger.seq, charger.closed_to = "CH-2", 500, 399
    send(service, *month_of(charger), charger.month_closed(sessions=20), name="CH-2")
    (line,) = service.statement(MONTH).chargers[1:]
    assert (line.closing, line.holds) == ("not checked", True)
    assert "before the first record number that this service expects" in words(line)[0]
    charger.now_s = APRIL_S
    send(service, *month_of(charger), charger.month_closed("2021-04"), name="CH-2")
    assert service.statement("2021-04").chargers[1].closing == "holds"


def test_the_claim_is_checked_by_its_range_and_not_by_the_statement(service, charger):
    """A session's end is written after the month was closed: statement March, range April."""
    charger.now_s = APRIL_S - 7200
    begin, end = charger.session(1000, charging=3600)
    charger.seq, charger.ends = 1, []
    closed = charger.month_closed()
    charger.ends = [end | {"seq": 3}]
    charger.seq = 3
    send(service, begin, closed, end | {"seq": 3}, charger.month_closed("2021-04"))
    march, april = checked(service), checked(service, "2021-04")
    assert (march.sessions, march.claims[0].sessions) == (1, 0)
    assert (april.sessions, april.claims[0].sessions) == (0, 1)
    assert march.closing == april.closing == "holds"


def gap(charger, **changed):
    body = {"flag": "register_gap", "serial": "M1", "before_wh": 1000, "after_wh": 1077}
    return charger.payload("meter_anomaly", **(body | changed))


def test_register_gaps_and_unbilled_tallies_are_lines_of_their_own(service, charger):
    full = {"free_kib": 60, "policy": "unbilled", "unbilled_sessions": 0, "unbilled_wh": 0}
    room = full | {"free_kib": 300, "unbilled_sessions": 3, "unbilled_wh": 12345}
    send(service, charger.payload("store_full", **full), charger.payload("store_full", **room))
    assert checked(service).holds
    send(service, gap(charger), gap(charger, before_wh=None), gap(charger, flag="meter_frozen"))
    charger.now_s = APRIL_S
    send(service, gap(charger))
    line = checked(service)
    assert words(line)[1:] == [
        "register gap: record 3 at 2021-03-01 10:03, meter M1, 1000 Wh to 1077 Wh: "
        "+77 Wh without a session",
        "register gap: record 4 at 2021-03-01 10:03, meter M1, ? to 1077 Wh: "
        "a register is unknown",
        "store was full: record 2 at 2021-03-01 10:03: 3 sessions, 12345 Wh "
        "given without a record (policy unbilled)",
    ]
    assert not line.holds
    assert [one.seq for one in checked(service, "2021-04").register_gaps] == [6]


def test_a_gap_without_a_time_counts_where_it_was_received(service, charger):
    send(service, gap(charger, at=instant(None, "U")))
    assert words(checked(service))[1].startswith("register gap: record 1, meter M1")


def test_an_older_store_full_is_taken(service, charger):
    assert send(service, charger.payload("store_full", free_kib=12))["ack"]["rejected"] == []
    assert checked(service).unbilled == []


@pytest.mark.parametrize(
    "kind, body, wrong",
    [
        ("store_full", {"free_kib": 1, "policy": "perhaps"}, "policy"),
        ("store_full", {"free_kib": 1, "unbilled_sessions": -1}, "unbilled_sessions"),
        ("store_full", {"free_kib": 1, "unbilled_wh": 1.5}, "unbilled_wh"),
        ("month_closed", {"unknown": None}, "unknown"),
        ("month_closed", {"last_seq": -1}, "last_seq"),
        ("month_closed", {"first_seq": 0}, "first_seq"),
        ("month_closed", {"month": "2021-13"}, "month"),
    ],
)
def test_a_wrong_member_is_rejected_by_name(service, charger, kind, body, wrong):
    payload = charger.month_closed(**body) if kind == "month_closed" else None
    answers = send(service, payload or charger.payload(kind, **body))
    assert answers["ack"]["rejected"] == [{"seq": 1, "reason": "bad_value"}]
    assert service.rejected()[0].detail.startswith(wrong)


def test_a_status_may_say_how_the_store_is(service, charger, caplog):
    def status(**changed):
        return json.loads(charger.status(**changed))

    assert schemas.problem("status", status(store="full")) == ""
    assert schemas.problem("status", status(store="half")) != ""
    for state in ("full", "full", "ok", "fault"):
        service.take("CH-1", "status", charger.status(store=state))
    told = [one.getMessage() for one in caplog.records if "its store is" in one.getMessage()]
    assert told == ["CH-1: its store is full", "CH-1: its store is fault"]


def test_table_csv_and_json_say_the_same_and_say_it_again(service, charger):
    charger.register_wh += 77
    send(service, gap(charger), *month_of(charger))
    tally = {"free_kib": 9, "policy": "unbilled", "unbilled_sessions": 2, "unbilled_wh": 50}
    send(service, charger.payload("store_full", **tally), charger.month_closed(sessions=4))
    report = service.statement(MONTH)
    said = "records 1..8, 3 sessions, 6000 Wh".replace("3 s", "4 s")
    (check,) = json.loads(render.to_json(report))["reconciliation"]
    assert check["closing"] == "does not hold" and check["holds"] is False
    assert said in check["words"][1] and check["words"][0].endswith("LOOK")
    assert check["claims"][0]["differences"] == [{"what": "sessions", "claimed": 4, "held": 3}]
    assert check["register_gaps"][0]["after_wh"] == 1077
    assert check["unbilled"][0]["energy_wh"] == 50
    rows = list(csv.DictReader(io.StringIO(render.to_csv(report))))[-4:]
    assert [row["row"] for row in rows] == [
        "reconciliation",
        "month_closed",
        "register_gap",
        "unbilled",
    ]
    claim = rows[1]
    assert (claim["seq"], claim["first_seq"], claim["last_seq"]) == ("9", "1", "8")
    assert (claim["sessions"], claim["connected_s"]) == ("4", "10980")
    assert claim["differences"] == "sessions 4 claimed, 3 held"
    assert (rows[2]["before_wh"], rows[2]["after_wh"]) == ("1000", "1077")
    assert {row["charger"] for row in rows} == {"CH-1"}
    again = service.statement(MONTH)
    assert render.to_json(again) == render.to_json(report)
    assert render.to_csv(again) == render.to_csv(report)
