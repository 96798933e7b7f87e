"""The accepted figures, and what a new figure is beside them."""

import json
import os
from pathlib import Path

PATH = Path(__file__).with_name("accepted.json")

OK, WORSE, BETTER, NEW, TOLD = "ok", "worse", "better", "new", "told"


def load():
    """{"full": {name: facts}, "quick": ...}; facts: value, unit, better, tolerance, slack. {} at first."""
    try:
        return json.loads(PATH.read_text())
    except FileNotFoundError:
        return {}


def save(runs):
    """Make these the accepted figures. runs: {"full" or "quick": [Figure]}; others stay."""
    kept = load()
    for mode, figures in runs.items():
        kept[mode] = {one.name: _facts(one) for one in figures}
    lines = []
    for mode in sorted(kept):
        rows = [
            "  %s: %s" % (json.dumps(name), json.dumps(kept[mode][name]))
            for name in sorted(kept[mode])
        ]
        lines.append(" %s: {\n%s\n }" % (json.dumps(mode), ",\n".join(rows)))
    part = PATH.with_suffix(".part")
    part.write_text("{\n%s\n}\n" % ",\n".join(lines))
    os.replace(part, PATH)


def bound(facts):
    """The worst value that still passes."""
    room = max(abs(facts["value"]) * facts["tolerance"], facts["slack"])
    return facts["value"] + room if facts["better"] == "less" else facts["value"] - room


def verdict(figure, facts):
    """OK, WORSE (by more than the tolerance), BETTER (by as much), NEW or TOLD (a timing).

    facts: the accepted ones of this figure, None where there are none. Tolerances are the file's.
    """
    if facts is None:
        return NEW
    if figure.timed:
        return TOLD
    limit = bound(facts)
    room = abs(limit - facts["value"])
    gain = figure.value - facts["value"]
    if facts["better"] == "less":
        gain = -gain
    return WORSE if gain < -room else BETTER if gain > room else OK


def ratio(figure, facts):
    """New over accepted, None where that says nothing."""
    if facts is None or not facts["value"]:
        return None
    return figure.value / facts["value"]


def _facts(figure):
    facts = {"value": figure.value, "unit": figure.unit}
    if not figure.timed:
        facts["better"] = figure.better
        facts["tolerance"] = figure.tolerance
        facts["slack"] = figure.slack
    return facts
