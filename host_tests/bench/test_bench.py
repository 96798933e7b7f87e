"""The budgets: a change that costs flash, heap, erases or reads beyond what is accepted is seen here."""

import pytest

from tools.bench import accepted
from tools.bench.figures import TIMED, Figure, of_sizes
from tools.bench.plan import QUICK, Plan
from tools.bench.stage import BenchError, Stage, largest_free


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """The compiled image and the compiled scripts."""
    return Stage.build(tmp_path_factory.mktemp("bench"))


def test_quick_bench_is_within_what_is_accepted(stage, interpreters):
    """Timings are left out: they are told by `make bench` and never judged."""
    if not interpreters:
        pytest.skip("no MicroPython")
    held = accepted.load()["quick"]
    found = Plan(stage, interpreters, QUICK, print).run().figures
    worse = [
        "%s: %s, accepted %s, at the worst %s"
        % (one.name, one.value, held[one.name]["value"], accepted.bound(held[one.name]))
        for one in found
        if accepted.verdict(one, held.get(one.name)) == accepted.WORSE
    ]
    assert not worse, "if that is meant: python -m tools.bench --accept\n" + "\n".join(worse)
    if len(interpreters) == 2:
        gone = set(held) - {one.name for one in found}
        assert not gone, "no longer measured; if that is meant: python -m tools.bench --accept"


def test_a_script_that_fails_says_why(stage, interpreters):
    if not interpreters:
        pytest.skip("no MicroPython")
    with pytest.raises(BenchError, match="Traceback"):
        stage.run(interpreters[0], "wear", "no/such/folder/x.img", 1)


@pytest.mark.parametrize(
    "better, value, said",
    [
        ("less", 1000, accepted.OK),
        ("less", 1020, accepted.OK),
        ("less", 1021, accepted.WORSE),
        ("less", 979, accepted.BETTER),
        ("more", 979, accepted.WORSE),
        ("more", 1021, accepted.BETTER),
    ],
)
def test_verdict_takes_the_tolerance_of_the_file(better, value, said):
    facts = {"value": 1000, "unit": "B", "better": better, "tolerance": 0.02, "slack": 0}
    assert accepted.verdict(Figure("size.x", "x", value, "B", tolerance=9), facts) == said


def test_slack_counts_where_it_is_more_than_the_fraction():
    facts = {"value": 10, "unit": "B", "better": "less", "tolerance": 0.02, "slack": 512}
    assert accepted.verdict(Figure("life.growth", "x", 522, "B"), facts) == accepted.OK
    assert accepted.verdict(Figure("life.growth", "x", 523, "B"), facts) == accepted.WORSE


def test_a_timing_is_never_worse_and_an_unknown_figure_is_new():
    timing = Figure("time.x", "x", 1000, TIMED)
    assert accepted.verdict(timing, {"value": 1, "unit": TIMED}) == accepted.TOLD
    assert accepted.verdict(Figure("size.x", "x", 1, "B"), None) == accepted.NEW


def test_saving_one_run_keeps_the_other(tmp_path, monkeypatch):
    monkeypatch.setattr(accepted, "PATH", tmp_path / "accepted.json")
    accepted.save({"full": [Figure("size.a", "a", 5, "B")], "quick": []})
    accepted.save({"quick": [Figure("time.a", "a", 0.5, TIMED)]})
    held = accepted.load()
    assert held["full"]["size.a"]["value"] == 5
    assert held["quick"]["time.a"] == {"value": 0.5, "unit": TIMED}


def test_the_mock_hardware_is_not_counted_as_shipped():
    sizes = {
        "agent/a.mpy": 1,
        "hal/ports.mpy": 2,
        "hal/mock/world.mpy": 4,
        "boards/sim/board.mpy": 8,
        "main.mpy": 16,
        "lib/umqtt/simple.mpy": 32,
    }
    found = {one.name: one.value for one in of_sizes(sizes)}
    assert found["size.shipped"] == 1 + 2 + 16 + 32
    assert found["size.not_shipped"] == 12


def test_largest_free_block_in_bytes_of_either_word_size():
    text = " No. of 1-blocks: 9, 2-blocks: 1, max blk sz: 12, max free sz: 100\n"
    assert largest_free(text, 32) == 1600
    assert largest_free(text, 64) == 3200
    assert largest_free("", 32) is None
