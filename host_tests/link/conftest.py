"""The cloud task under each interpreter in turn, and the worst stall that was seen."""

import pytest

from host_tests.link.cloud import Cloud
from host_tests.link.running import Runner
from host_tests.micropython.collect import CPYTHON, NAMES, need


@pytest.fixture(params=("cpython", *NAMES))
def runner(request):
    """A Runner of the link program under CPython and both MicroPythons."""
    one = None if request.param == "cpython" else need(request.param)
    label = one.label if one else CPYTHON
    request.node.user_properties.append(("interpreter", label))
    return Runner(one, request.node.user_properties)


@pytest.fixture
def cloud(broker):
    """A Cloud that listens at the broker of the test."""
    one = Cloud(broker)
    yield one
    one.close()


def pytest_terminal_summary(terminalreporter):
    """pytest's hook: by how much a 10 ms task came late beside the link, at worst."""
    worst = {}
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            facts = dict(getattr(report, "user_properties", ()))
            if "worst_stall_ms" in facts:
                late = (facts["worst_stall_ms"], report.nodeid.rpartition("::")[2])
                worst[facts["interpreter"]] = max(worst.get(facts["interpreter"], late), late)
    for name, (late_ms, where) in sorted(worst.items()):
        terminalreporter.write_line(
            "worst stall beside the link, %s: %d ms (%s)" % (name, late_ms, where)
        )
