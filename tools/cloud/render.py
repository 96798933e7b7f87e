"""A month's report as a table, as CSV and as JSON."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tools.cloud.rating import Component
from tools.cloud.report import (
    BILLED,
    FREE,
    GUEST,
    NO_CURRENCY,
    REVIEW,
    TIMES,
    ChargerLine,
    Claim,
    RegisterGap,
    Report,
    SessionLine,
    Statement,
    Unbilled,
)
from tools.cloud.wording import breaks, differences, findings, hms, kwh, ranges, reconciliation

_KINDS = ("ENERGY", "TIME", "PARKING_TIME", "FLAT")
CSV_COLUMNS = (
    "row,month,user,contract,group,charger,connector,session,seq,started,ended,clock,"
    + "energy_wh,"
    + ",".join(f"{name}_s" for name in TIMES)
    + ",tariff,"
    + ",".join(f"{name.lower()}_exact" for name in _KINDS)
    + ",amount,currency,offline,flags,review,"
    + "first_seq,last_seq,gaps,set_aside,open_sessions,register_wh,difference_wh,breaks,"
    + "sessions,unknown,closing,differences,before_wh,after_wh"
).split(",")


def show(report: Report, console: Console, user: str | None = None) -> None:
    """Print a report for people."""
    shown = [one for one in report.statements if user in (None, one.user)]
    for statement in shown:
        _show_statement(report, statement, console)
    if not shown:
        console.print(f"No sessions of {user or 'any subscriber'} in {report.month}.")
    if report.unattributed and user is None:
        rows = [_cells(line) for line in report.unattributed]
        _print_table("Sessions of nobody, not billed", [(rows, "")], console)
    if shown:
        console.print(report.rounding, style="dim")
    console.print("Reconciliation", style="bold")
    for line in report.chargers:
        console.print(reconciliation(line), style="" if line.holds else "bold red", markup=False)
        for text, good in findings(line):
            console.print(f"  {text}", style="" if good else "bold red", markup=False)


def _show_statement(report: Report, statement: Statement, console: Console) -> None:
    contract = f", contract {statement.contract}" if statement.contract else ""
    settled, review = statement.of(BILLED, FREE), statement.of(REVIEW)
    currency = "" if statement.currency == NO_CURRENCY else statement.currency
    total = [f"Total of {len(settled)}", "", kwh(statement.energy_wh), *[""] * 8]
    total += [f"{statement.total} {currency}".strip(), ""]
    groups = [([_cells(line) for line in settled], ""), ([total], "bold")]
    groups.append(([_cells(line) for line in review], "yellow"))
    _print_table(f"{report.month}  {statement.user}{contract}", groups, console)


_HEADINGS = (
    "Ended Session kWh Charging Idle Withheld Outage Energy Time Parking Flat Amount Note".split()
)
_OPTIONAL = range(4, 11)  # times and components that a month may have nothing of
_BREAKDOWN = (1, *range(7, 11))  # left out where the terminal is narrow: CSV and JSON have them
_NOTHING = ("", "0:00:00")
_WIDEST = 400


def _print_table(title: str, groups: list[tuple[list[list[str]], str]], console: Console) -> None:
    rows = [row for group, _ in groups for row in group]
    shown = [
        column
        for column in range(len(_HEADINGS))
        if column not in _OPTIONAL or any(row[column] not in _NOTHING for row in rows)
    ]
    table = _table(title, groups, shown)
    wide = console.options.update(max_width=_WIDEST)
    if console.measure(table, options=wide).maximum > console.width:
        table = _table(title, groups, [column for column in shown if column not in _BREAKDOWN])
    console.print(table)


def _table(title: str, groups: list[tuple[list[list[str]], str]], shown: list[int]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in shown:
        if _HEADINGS[column] == "Note":
            table.add_column("Note", overflow="fold")
        else:
            side = "left" if column < 2 else "right"
            table.add_column(_HEADINGS[column], justify=side, no_wrap=True)
    for group, style in groups:
        for row in group:
            table.add_row(*(Text(row[column]) for column in shown), style=style)
        table.add_section()
    return table


def _cells(line: SessionLine) -> list[str]:
    by_type = _exact(line.components)
    times = [hms(line.seconds[name]) for name in TIMES[1:]]
    note = [line.tariff] if line.tariff and line.status == BILLED else []
    note += [line.status] if line.status in (FREE, GUEST) else []
    note += [f"to review, not billed: {'; '.join(line.review)}"] if line.review else []
    note += ["offline"] if line.offline else []
    note += [", ".join(line.flags)] if line.flags else []
    amount = "-" if line.status == REVIEW else str(line.amount)
    return [
        line.ended[:16].replace("T", " ") or "?",
        line.session,
        kwh(line.energy_wh),
        *times,
        *(by_type.get(kind, "") for kind in _KINDS),
        amount,
        "; ".join(note),
    ]


def _exact(components: list[Component]) -> dict[str, str]:
    amounts: dict[str, str] = {}
    for component in components:
        text = format(component.shown, "f").rstrip("0")
        amounts[component.type] = text + "00"[: max(0, 2 - len(text.partition(".")[2]))]
    return amounts


def to_csv(report: Report, user: str | None = None) -> str:
    """Rows of these sorts (column `row`): billed, free, guest, review or none; total; and for each
    charger reconciliation, month_closed (one a claim), register_gap, unbilled.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, CSV_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for statement in report.statements:
        if user not in (None, statement.user):
            continue
        for line in statement.lines:
            writer.writerow(_csv_session(report, line))
        total = {"row": "total", "month": report.month, "user": statement.user}
        total |= {"contract": statement.contract, "energy_wh": statement.energy_wh}
        total |= {"amount": statement.total, "currency": statement.currency}
        writer.writerow(_safe(total))
    for line in report.unattributed if user is None else ():
        writer.writerow(_csv_session(report, line))
    for check in report.chargers:
        for row in _csv_checks(check):
            writer.writerow(_safe({"month": report.month, "charger": check.charger, **row}))
    return out.getvalue()


def _csv_session(report: Report, line: SessionLine) -> dict:
    amounts = {component.type: component.shown for component in line.components}
    row = {
        "row": line.status,
        "month": report.month,
        **{f"{name}_s": line.seconds[name] for name in TIMES},
        **{f"{name.lower()}_exact": amounts.get(name, "") for name in _KINDS},
        "amount": "" if line.status == REVIEW else line.amount,
        "energy_wh": "" if line.energy_wh is None else line.energy_wh,
        "offline": int(line.offline),
        "flags": " ".join(line.flags),
        "review": "; ".join(line.review),
    }
    same = ("user", "contract", "group", "charger", "connector", "session", "seq", "started")
    for name in (*same, "ended", "clock", "tariff", "currency"):
        row[name] = getattr(line, name)
    return _safe(row)


def _csv_checks(check: ChargerLine) -> Iterator[dict]:
    yield {
        "row": "reconciliation",
        "energy_wh": check.sessions_wh,
        "first_seq": "" if check.first_seq is None else check.first_seq,
        "last_seq": "" if check.last_seq is None else check.last_seq,
        "gaps": ranges(check.gaps),
        "set_aside": " ".join(str(seq) for seq in check.set_aside),
        "open_sessions": " ".join(check.open_sessions),
        "register_wh": check.register_wh,
        "difference_wh": check.difference_wh,
        "breaks": "; ".join(breaks(check)),
        "sessions": check.sessions,
        "unknown": check.unknown_wh,
        "closing": check.closing,
    }
    yield from map(_csv_claim, check.claims)
    yield from map(_csv_gap, check.register_gaps)
    yield from map(_csv_unbilled, check.unbilled)


def _csv_claim(claim: Claim) -> dict:
    return {
        "row": "month_closed",
        **{f"{name}_s": claim.seconds[name] for name in TIMES},
        "seq": claim.seq,
        "energy_wh": claim.energy_wh,
        "first_seq": claim.first_seq,
        "last_seq": claim.last_seq,
        "gaps": ranges(claim.missing),
        "set_aside": " ".join(str(seq) for seq in claim.set_aside),
        "sessions": claim.sessions,
        "unknown": claim.unknown,
        "closing": claim.state,
        "differences": "; ".join(differences(claim)),
    }


def _csv_gap(gap: RegisterGap) -> dict:
    registers = {"before_wh": gap.before_wh, "after_wh": gap.after_wh}
    return {"row": "register_gap", "seq": gap.seq, "ended": gap.at, **registers}


def _csv_unbilled(tally: Unbilled) -> dict:
    given = {"sessions": tally.sessions, "energy_wh": tally.energy_wh}
    return {"row": "unbilled", "seq": tally.seq, "ended": tally.at, **given}


def _safe(row: dict) -> dict:
    """Text that a spreadsheet would take for a formula gets a quote before it."""
    return {
        name: f"'{value}"
        if isinstance(value, str) and value[:1] in ("=", "+", "-", "@")
        else value
        for name, value in row.items()
    }


def to_json(report: Report, user: str | None = None) -> str:
    """The whole report; amounts are strings, so that no reader turns them into floats."""
    whole = {
        "month": report.month,
        "rounding": report.rounding,
        "statements": [
            {
                "user": one.user,
                "contract": one.contract,
                "currency": one.currency,
                "total": str(one.total),
                "energy_wh": one.energy_wh,
                "sessions": [_json_session(line) for line in one.lines],
            }
            for one in report.statements
            if user in (None, one.user)
        ],
        "unattributed": [_json_session(line) for line in report.unattributed if user is None],
        "reconciliation": [_json_check(one) for one in report.chargers],
    }
    return json.dumps(whole, indent=2) + "\n"


def _json_check(check: ChargerLine) -> dict:
    words = [reconciliation(check), *(text for text, _ in findings(check))]
    verdict = {"difference_wh": check.difference_wh, "holds": check.holds}
    return {**asdict(check), **verdict, "words": words}


def _json_session(line: SessionLine) -> dict:
    parts = [
        {
            "type": part.type,
            "price": str(part.price),
            "quantity": part.quantity,
            "unit": part.unit,
            "exact": format(part.shown, "f"),
        }
        for part in line.components
    ]
    return {**vars(line), "components": parts, "amount": str(line.amount)}
