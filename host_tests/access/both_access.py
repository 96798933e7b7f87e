"""The source of the published rules against the agent's own: the same rows, and every case decided so."""

from agent import access
from agent.reasons import REASONS
from agent.subscribers import Entry, pack_entry
from host_tests.access import source


def listed(spec):
    """The Entry that a case's `entry` means."""
    if spec is None:
        return None
    status, billing, until_s, group = spec
    data = pack_entry(b"k" * 12, status, billing, "uid", until_s, "anna", "c-1", group)
    return Entry(data)


def check(table, rows, decide, facts_of):
    """Rows of the agent's table and of the source are the same, and every case is decided by its row."""
    assert [row[0] for row in table] == [row[0] for row in rows], (
        "the same rules in the same order"
    )
    reasons = {row[0]: row[2] for row in table}
    who = {row[0]: row[1] for row in table}
    for rule, _, _, _, cases in rows:
        assert reasons[rule] in REASONS, rule
        assert access.reason_of(rule) == reasons[rule]
        asked = set()
        for text, changes in cases:
            facts = facts_of(changes)
            asked.add(facts.asks)
            found = decide(facts)
            assert found == (rule, reasons[rule]), (rule, text, found)
        assert asked == set(who[rule]), "%s: a case for each of %s" % (rule, who[rule])


def begin_facts(changes):
    members = dict(source.BASE)
    members.update(changes)
    members["entry"] = listed(members["entry"])
    return access.Facts(**members)


def stop_facts(changes):
    members = dict(source.STOP_BASE)
    members.update(changes)
    return access.StopFacts(**members)


def test_every_case_of_beginning():
    check(access.BEGIN, source.BEGIN, access.decide, begin_facts)


def test_every_case_of_stopping():
    check(access.STOP, source.STOP, access.decide_stop, stop_facts)


def test_an_id_stands_once():
    ids = [row[0] for row in access.BEGIN + access.STOP + access.ASKED]
    assert [row[0] for row in access.ASKED] == [row[0] for row in source.ASKED]
    assert len(set(ids)) == len(ids)
    for rule in access.HELD_AGAINST + access.STOPS:
        assert rule in ids
    assert access.reason_of("") == "unknown"


def test_what_is_billed():
    for rule, given, billed in (
        ("Y1", "ppm", "none"),
        ("Y1", "free", "none"),
        ("Y2", "", "free"),
        ("Y3", "free", "free"),
        ("Y4", "ppm", "ppm"),
        ("Y5", "ppm", "ppm"),
        ("Y5", "free", "free"),
        ("Y6", "", "none"),
    ):
        assert access.billing(rule, given) == billed, (rule, given)


def test_no_facts_are_left_without_a_rule():
    for asks in "cov":
        for enabled in (True, False):
            for entry in (None, listed(("active", "free", None, ""))):
                facts = access.Facts(asks=asks, enabled=enabled, entry=entry, guests="free")
                assert access.decide(facts)[0]
    for asks in "cor":
        for running in (True, False):
            assert access.decide_stop(access.StopFacts(asks=asks, running=running))[0]
