"""Parsers that outside bytes reach, under hypothesis: their own error type and nothing else."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent import jws
from agent.config import Config
from agent.listupdate import ListUpdate
from agent.packing import pack, unpack
from agent.reasons import Refused
from host_tests.scenarios.bench import ANNA, Bench

settings.register_profile(
    "shared", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # a timing never decides a test
settings.load_profile("shared")

KEYS = jws.Keys(bytes(range(32)))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
MEMBERS = (
    "aud version monthly_payment tariff access session store_full limit_ma timezone utc_offset_rules base part "
    "parts put del sha256 at n exp id do user billing from to time upto rejected"
).split()
MESSAGES = st.dictionaries(st.sampled_from(MEMBERS), VALUES, max_size=10)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_as_a_token(data):
    try:
        KEYS.verify("down", "config+jws", data)
    except Refused:
        return
    raise AssertionError("accepted")


@given(MESSAGES)
def test_any_members_are_a_config_or_refused(message):
    try:
        Config(message)
    except Refused as refusal:
        assert refusal.reason in ("bad_value", "not_superadmin", "not_business")


@given(MESSAGES)
def test_any_list_entries_are_changes_or_refused(message):
    update = ListUpdate(None, None, None, lambda kind, uid: uid[:1] * 12, None)
    try:
        update._packed(message, False, b"")
    except Refused as refusal:
        assert refusal.reason in ("bad_value", "list_unsorted")


@given(st.sampled_from(("config", "list", "order", "ack")), MESSAGES)
def test_a_signed_message_of_anything_is_answered_and_stops_nothing(leaf, message):
    bench = Bench()
    message["aud"] = "CH-1"
    token = bytes(bench.keys.sign("down", leaf + "+jws", json.dumps(message).encode()))
    replies = len(bench.replies)
    bench.charger.on_message(bench.up_ms, leaf, token)
    bench.pump()
    assert leaf == "ack" or len(bench.replies) == min(4, replies + 1)
    json.dumps(bench.replies[-1])
    bench.charger.tick(bench.up_ms)
    if bench.replies[-1]["result"] == "refused":
        bench.tap(ANNA)
        assert bench.charger.connector.state == "authorized"


BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(
            st.tuples(st.sampled_from(("user", "group", "flags", "energy_wh")), inner), max_size=3
        ).map(tuple)
    ),
    max_leaves=10,
)


@given(BODIES)
def test_whatever_is_packed_comes_back(body):
    assert unpack(pack(body)) == body


@given(st.binary(max_size=60))
def test_unpacking_anything_is_a_value_or_a_value_error(data):
    try:
        unpack(data)
    except (ValueError, IndexError):
        pass
