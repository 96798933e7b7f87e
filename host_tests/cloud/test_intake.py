"""Records: verified, stored exactly once, acknowledged; the rest set aside (laws 5, 6, 7)."""

import pytest

from host_tests.cloud.fake_charger import FakeCharger, compact, opened


def take(service, token, leaf="record"):
    """{leaf: payload} of what the service answers to one message."""
    answers = {}
    for down in service.take("CH-1", leaf, token):
        typ, payload = opened(down.payload)
        assert typ == down.leaf + "+jws"
        assert payload["aud"] == "CH-1"
        answers[down.leaf] = payload
    return answers


def seqs(service):
    return [record["seq"] for record in service.records("CH-1")]


def test_a_record_is_stored_and_named(service, charger):
    answers = take(service, charger.record())
    assert answers == {"ack": {"aud": "CH-1", "upto": 1, "rejected": []}}
    assert seqs(service) == [1]


def test_a_record_that_comes_again_is_acknowledged_again_and_kept_once(service, charger):
    token = charger.record()
    first = take(service, token)
    assert take(service, token) == first
    assert seqs(service) == [1]
    assert service.rejected() == []


def test_an_altered_duplicate_is_refused_and_what_came_first_stands(service, charger, caplog):
    token = charger.record()
    take(service, token)
    charger.seq = 0
    altered = charger.record(fault="other", on=True)
    answers = take(service, altered)
    assert answers["ack"] == {"aud": "CH-1", "upto": 1, "rejected": []}
    assert service.records("CH-1")[0]["fault"] == "rcd"
    assert [(entry.seq, entry.reason) for entry in service.rejected()] == [(1, "altered")]
    assert "ALTERED RECORD" in caplog.text


@pytest.mark.parametrize(
    "wrong, reason",
    [
        ({"master": bytes(32)}, "bad_signature"),
        ({"label": "ppm/v1/down"}, "bad_signature"),
        ({"label": "ppm/v1/down", "kid": "down-1"}, "wrong_key"),
        ({"kid": "up-2"}, "wrong_key"),
        ({"kid": "up-01"}, "wrong_key"),
        ({"typ": "config+jws"}, "wrong_type"),
        ({"typ": "JWT"}, "wrong_type"),
    ],
)
def test_what_the_charger_did_not_sign_is_set_aside_and_never_named(
    service, charger, wrong, reason
):
    assert take(service, compact(charger.payload("fault", fault="x", on=True), **wrong)) == {}
    (entry,) = service.rejected()
    assert (entry.seq, entry.reason, entry.named) == (None, reason, False)
    assert service.charger("CH-1").upto == 0


@pytest.mark.parametrize(
    "token",
    [b"", b"a", b"a.b", b"a.b.c", b"....", b"\xff\xfe", b"{}", b"eyJhbGciOiJub25lIn0.e30."],
)
def test_what_is_no_jws_is_set_aside(service, token):
    assert take(service, token) == {}
    assert service.rejected()[0].seq is None


def test_alg_none_and_a_changed_payload_are_refused(service, charger):
    head, _, signature = charger.record().split(b".")
    other = FakeCharger().record(fault="y", on=False).split(b".")[1]
    assert take(service, b".".join((head, other, signature))) == {}
    assert service.rejected()[0].reason == "bad_signature"


def test_outsiders_cannot_fill_the_database(service):
    for number in range(150):
        take(service, b"junk %d" % number)
    assert len(service.rejected()) == 100


def test_a_record_of_another_charger_with_the_same_key_is_rejected_by_name(service, charger):
    payload = charger.payload("fault", fault="rcd", on=True) | {"charger": "CH-2"}
    answers = take(service, compact(payload))
    assert answers["ack"]["upto"] == 1
    assert answers["ack"]["rejected"] == [{"seq": 1, "reason": "wrong_charger"}]


def test_a_rejected_record_is_named_and_the_next_ones_flow(service, charger):
    """Law 7."""
    take(service, charger.record())
    bad = charger.record(fault="", on="yes")
    answers = take(service, bad)
    assert answers["ack"]["upto"] == 2
    assert answers["ack"]["rejected"] == [{"seq": 2, "reason": "bad_value"}]
    assert take(service, charger.record())["ack"]["upto"] == 3
    assert take(service, bad)["ack"]["rejected"] == [{"seq": 2, "reason": "bad_value"}]
    (entry,) = service.rejected()
    assert entry.jws == bad and entry.times == 2 and entry.detail
    assert seqs(service) == [1, 3]


@pytest.mark.parametrize(
    "change",
    [
        {"energy_wh": 10.0},
        {"energy_wh": -1},
        {"energy_wh": "10000"},
        {"energy_wh": True},
        {"energy_wh": None, "flags": []},
        {"t_stop": {"t": 0, "q": "S"}},
        {"t_stop": {"t": None, "q": "S"}},
        {"t_stop": None},
        {"seconds": {"connected": 1}},
        {"stop_reason": "Because"},
        {"meter": {"serial": "M1", "source": "guess"}},
        {"tariff": {"id": "T-1"}},
    ],
)
def test_a_session_end_with_a_wrong_member_is_rejected_with_its_name(service, charger, change):
    begin, end = charger.signed_session(end=change, charging=60)
    take(service, begin)
    answers = take(service, end)
    assert answers["ack"]["rejected"] == [{"seq": 2, "reason": "bad_value"}]
    assert service.rejected()[0].detail


def test_unknown_members_and_unknown_kinds_are_kept(service, charger):
    take(service, charger.record(fault="rcd", on=True, colour="red"))
    answers = take(service, charger.record("from_the_future", anything=[1]))
    assert answers["ack"] == {"aud": "CH-1", "upto": 2, "rejected": []}
    assert service.records("CH-1")[1]["anything"] == [1]


def test_a_gap_is_noticed_and_asked_for_once(service, charger, clock):
    tokens = [charger.record() for _ in range(5)]
    take(service, tokens[0])
    answers = take(service, tokens[3])
    assert answers["ack"]["upto"] == 1
    order = answers["order"]
    assert (order["do"], order["from"], order["to"], order["n"]) == ("resend", 2, 3, 1)
    assert order["exp"] == clock() + 300
    assert "order" not in take(service, tokens[4])
    assert service.gaps("CH-1") == [(2, 3)]
    clock.unix_s += 61
    assert take(service, tokens[4])["order"]["n"] == 2


def test_upto_runs_over_what_came_early(service, charger):
    tokens = [charger.record() for _ in range(6)]
    for index, upto in ((5, 0), (1, 0), (0, 2), (3, 2), (4, 2), (2, 6)):
        assert take(service, tokens[index])["ack"]["upto"] == upto
    assert service.gaps("CH-1") == []


def test_a_rejected_record_in_a_gap_counts_as_settled(service, charger):
    good, bad, last = charger.record(), charger.record(fault=1, on=True), charger.record()
    take(service, good)
    take(service, last)
    assert take(service, bad)["ack"]["upto"] == 3


def test_numbers_that_will_never_come_are_written_off(service, charger):
    tokens = [charger.record() for _ in range(5)]
    take(service, tokens[0])
    take(service, tokens[4])
    (down,) = service.write_off("CH-1", 1, 9, "flash was replaced")
    ack = opened(down.payload)[1]
    assert ack["upto"] == 5
    assert [entry["seq"] for entry in ack["rejected"]] == [4, 3, 2]
    # and if one turns up after all, it is taken
    assert take(service, tokens[2])["ack"]["upto"] == 5
    assert seqs(service) == [1, 3, 5]


def test_what_was_set_aside_can_be_judged_again(service, charger, monkeypatch):
    from tools.cloud import intake
    from tools.cloud.errors import Refused

    def too_strict(charger, payload):
        raise Refused("bad_value", "too strict")

    with monkeypatch.context() as patch:
        patch.setattr(intake, "_check", too_strict)
        take(service, charger.record())
    assert seqs(service) == []
    taken, _ = service.rejudge("CH-1")
    assert taken == 1 and seqs(service) == [1] and service.rejected() == []


def test_the_ack_stays_small(service, charger):
    for _ in range(80):
        down = service.take("CH-1", "record", charger.record(fault="", on=True))
    assert len(down[0].payload) <= 8192
    ack = opened(down[0].payload)[1]
    assert ack["upto"] == 80 and len(ack["rejected"]) == 32
    assert ack["rejected"][0]["seq"] == 80


def test_a_charger_that_is_not_registered_gets_nothing(service, caplog):
    stranger = FakeCharger("CH-9")
    assert service.take("CH-9", "record", stranger.record()) == []
    assert "register CH-9" in caplog.text


def test_records_of_an_older_key_generation_are_still_taken(service, charger):
    """A record keeps its bytes, so it keeps the key it was signed with."""
    old = charger.record()
    service.register("CH-1", (b"\x07" * 32).hex(), generation=2)
    service.take("CH-1", "record", old)
    new = compact(charger.payload("fault", fault="rcd", on=False), master=b"\x07" * 32, kid="up-2")
    service.take("CH-1", "record", new)
    assert service.charger("CH-1").upto == 2


def test_a_charger_that_was_in_use_before_starts_later(service):
    service.register("CH-2", "11" * 32, first_seq=501)
    late = FakeCharger("CH-2", master=b"\x11" * 32)
    late.seq = 500
    service.take("CH-2", "record", late.record())
    assert service.charger("CH-2").upto == 501


def test_a_failing_database_is_not_hidden(service, charger, monkeypatch):
    """What is not stored must not be acknowledged: the error reaches whoever talks to the broker."""
    from sqlalchemy.exc import OperationalError

    from tools.cloud import store

    def full(*_):
        raise OperationalError("insert", {}, Exception("disk full"))

    with monkeypatch.context() as patch:
        patch.setattr(store, "advance", full)
        with pytest.raises(OperationalError):
            service.take("CH-1", "record", charger.record())
    assert seqs(service) == []
