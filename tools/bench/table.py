"""The budgets as a table for people."""

from rich.table import Table

from tools.bench import accepted

STYLES = {
    accepted.WORSE: "bold red",
    accepted.BETTER: "green",
    accepted.NEW: "cyan",
    accepted.OK: "",
    accepted.TOLD: "dim",
}
GROUPS = {
    "size": "compiled code",
    "heap": "heap",
    "wear": "flash wear",
    "store": "store",
    "life": "heap over a life",
    "list": "list",
    "bus": "bytes on the bus",
    "turn": "a driver's turn, of the control task's 50 ms",
    "time": "times (x: times the calibration loop)",
}


def budgets(figures, held, title):
    """A rich Table. held: accepted facts by name."""
    table = Table(title=title, title_justify="left")
    for name in ("figure", "on", "now", "accepted", "ratio", "goal", ""):
        side = "left" if name in ("figure", "on", "") else "right"
        table.add_column(name, justify=side, no_wrap=name != "figure")
    for group, heading in GROUPS.items():
        rows = [one for one in figures if one.name.split(".")[0] == group]
        if not rows:
            continue
        table.add_section()
        table.add_row("[bold]%s[/bold]" % heading)
        for one in rows:
            table.add_row(*_row(one, held.get(one.name)))
    return table


def _row(one, facts):
    said = accepted.verdict(one, facts)
    ratio = accepted.ratio(one, facts)
    where = one.name.rsplit(".", 1)[-1]
    mark = "" if said in (accepted.OK, accepted.TOLD) else said
    goal = ""
    if one.goal is not None:
        sign = "<=" if one.better == "less" else ">="
        goal = "%s %g %s" % (sign, one.goal, "" if one.meets_goal else "[yellow]missed[/yellow]")
    style = STYLES[said]
    return (
        one.label,
        where if where.startswith("mp") else "",
        one.shown
        and "%s  %sx" % (one.shown, number(one.value))
        or _with_unit(one.value, one.unit),
        "" if facts is None else _with_unit(facts["value"], facts["unit"]),
        "" if ratio is None else "%.2f" % ratio,
        goal,
        "[%s]%s[/%s]" % (style, mark, style) if style and mark else mark,
    )


def number(value):
    """12345.0 -> "12,345"; small numbers keep three digits."""
    if isinstance(value, int) or abs(value) >= 1000:
        return "{:,.0f}".format(value)
    return "{:,.3g}".format(value)


def _with_unit(value, unit):
    return number(value) + (unit if unit == "x" else " " + unit if unit else "")
