"""The end of a test run: what ran where, and what did not run and why."""

from collections import Counter

from host_tests.micropython.collect import CPYTHON, NAMES, in_ci
from tools.setup import missing

# aioble is on mip's index only, which closed networks do not reach
EXCUSED = ("aioble",)


def reports(reporter, *kinds):
    """Reports of these outcomes that are about a test."""
    return [one for kind in kinds for one in reporter.stats.get(kind, []) if hasattr(one, "when")]


def not_run(reporter):
    """Lines of what did not run: things that were not had, and tests that were skipped."""
    lines = ["what needs %s: %s" % (name, why) for name, why in missing()]
    skipped = Counter()
    for report in reports(reporter, "skipped"):
        why = report.longrepr
        why = why[2] if isinstance(why, tuple) else str(why)
        skipped[why.removeprefix("Skipped: ")] += 1
    lines += ["%d test%s: %s" % (n, "s" * (n > 1), why) for why, n in sorted(skipped.items())]
    return lines


def unexcused(lines):
    """Those lines that fail a run in CI."""
    return [line for line in lines if not any(name in line for name in EXCUSED)]


def pytest_terminal_summary(terminalreporter):
    """pytest's hook: print where tests ran, and what did not run."""
    ran = Counter()
    for report in reports(terminalreporter, "passed", "failed"):
        where = dict(report.user_properties).get("interpreter", CPYTHON)
        if report.when == "call" and where not in NAMES:
            ran[where] += 1
    terminalreporter.section("interpreters")
    where = ", ".join("%s %d" % (name, n) for name, n in sorted(ran.items())) or "nothing"
    terminalreporter.write_line("ran on: " + where)
    lines = not_run(terminalreporter)
    for line in lines:
        terminalreporter.write_line("not run: " + line)
    if in_ci() and unexcused(lines):
        terminalreporter.write_line("CI: what did not run is a failure", red=True)


def pytest_sessionfinish(session, exitstatus):
    """pytest's hook: in CI, something that did not run fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    worker = hasattr(session.config, "workerinput")
    if in_ci() and not worker and reporter and exitstatus == 0 and unexcused(not_run(reporter)):
        session.exitstatus = 1
