"""What people ask the service."""

import json
from typing import Annotated

import typer

from tools.cloud import cli_common as common
from tools.cloud import mask, render, wording
from tools.cloud.cli_common import BROKER_DEFAULT, DB_DEFAULT, Format
from tools.cloud.cli_tables import add_row, make_table, time_text

app = typer.Typer()


@app.command()
def statement(
    month: Annotated[str, typer.Option(help="YYYY-MM, in local time of the chargers.")],
    output: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.table,
    user: Annotated[str | None, typer.Option(help="One subscriber only.")] = None,
    tz: Annotated[str | None, typer.Option(help="One time zone for all chargers.")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 unless every charger's month holds together.")
    ] = False,
    db: common.Db = DB_DEFAULT,
    at: common.At = None,
) -> None:
    """Each subscriber's statement of a month, and each charger's reconciliation.

    The time decides one thing only: whether a month that is not closed should have been.
    """
    with common.opened(db, common.make_clock(at)) as service:
        report = service.statement(month, tz)
    if output is Format.table:
        render.show(report, common.console(), user)
    else:
        text = render.to_csv if output is Format.csv else render.to_json
        typer.echo(text(report, user), nl=False)
    if strict and not all(line.holds for line in report.chargers):
        raise typer.Exit(common.EXIT_REFUSED)


@app.command()
def chargers(db: common.Db = DB_DEFAULT) -> None:
    """Every charger: what is wanted of it and what it said last."""
    names = ("Charger", "Online", "State", "Pay per month", "Tariff", "List", "Records")
    table = make_table(names, ("Missing", "Unsent", "Last status"))
    with common.opened(db, common.make_clock(None)) as service:
        for one in service.chargers():
            status = json.loads(one.status or "{}")
            flag = "on" if one.enabled else "off"
            missing = sum(last - first + 1 for first, last in service.gaps(one.id))
            add_row(
                table,
                one.id,
                "yes" if one.online else "no",
                _state(status),
                f"{flag} v{one.config_version}{_late(one.config_version, one.config_applied)}",
                f"{one.tariff_id} v{one.tariff_version}" if one.tariff_id else "none",
                f"v{one.list_version}{_late(one.list_version, one.list_applied)}",
                f"..{one.upto}",
                str(missing),
                str(status.get("unsent", "")),
                time_text(one.status_at),
            )
    common.console().print(table)


def _state(status: dict) -> str:
    state, store = status.get("state", ""), status.get("store", "ok")
    return state if store == "ok" else f"{state}, store {store}"


def _late(wanted: int, applied: int) -> str:
    return "" if wanted == applied else f" (has v{applied})"


@app.command("list")
def show_list(charger: common.ChargerId, db: common.Db = DB_DEFAULT) -> None:
    """The subscriber list of a charger, with masked card numbers."""
    table = make_table(("User", "Card", "Contract", "Group", "Status", "Billing", "Until"))
    with common.opened(db, common.make_clock(None)) as service:
        for one in service.list_of(charger):
            until = time_text(one.until)
            shown = (one.user, mask.card(one.uid), one.contract, one.group)
            add_row(table, *shown, one.status, one.billing, until)
    common.console().print(table)


@app.command()
def records(
    charger: common.ChargerId,
    first: Annotated[int, typer.Option("--from", min=1)] = 1,
    last: Annotated[int | None, typer.Option("--to", min=1)] = None,
    kind: Annotated[str | None, typer.Option(help="One kind only.")] = None,
    output: Annotated[Format, typer.Option("--format", help="table, or json: one a line.")] = (
        Format.table
    ),
    db: common.Db = DB_DEFAULT,
) -> None:
    """Stored records of a charger."""
    with common.opened(db, common.make_clock(None)) as service:
        found = service.records(charger, first, last, kind)
    if output is not Format.table:
        for record in found:
            typer.echo(json.dumps(record))
        return
    table = make_table(("Seq", "Boot", "At", "Clock", "Kind", "What"))
    for record in found:
        at = record["at"]
        where = (str(record["seq"]), str(record["boot"]), time_text(at["t"]), at["q"])
        add_row(table, *where, record["kind"], _summary(record))
    common.console().print(table)


_ENVELOPE = frozenset(("charger", "connector", "seq", "boot", "kind", "up_ms", "at"))


def _summary(record: dict) -> str:
    kind = record["kind"]
    if kind == "session_end":
        charging = wording.hms(record["seconds"]["charging"])
        energy = wording.kwh(record["energy_wh"])
        flags = f" [{' '.join(record['flags'])}]" if record["flags"] else ""
        return f"{record['session']} {record['user']} {energy} kWh in {charging}{flags}"
    if kind == "session_begin":
        card = mask.token(record["token"]["ref"])
        return f"{record['session']} {record['user']} {card} register {record['reg_begin_wh']} Wh"
    if kind == "access_refused":
        card = mask.token(record["token"]["ref"])
        rule = f" ({record['rule']})" if record.get("rule") else ""
        why = wording.why(record["reason"])
        return f"{card} {record['reason']} x{record['count']}{rule}: {why}"
    rest = {name: value for name, value in record.items() if name not in _ENVELOPE}
    return ", ".join(f"{name} {json.dumps(value)}" for name, value in rest.items())


@app.command()
def gaps(
    charger: Annotated[str | None, typer.Argument(help="One charger only.")] = None,
    db: common.Db = DB_DEFAULT,
) -> None:
    """Record numbers that are missing. Exit 1 when there are some."""
    found = 0
    out = common.console()
    with common.opened(db, common.make_clock(None)) as service:
        for one in [service.charger(charger)] if charger else service.chargers():
            for first, last in service.gaps(one.id):
                found += 1
                out.print(f"{one.id}: {first} to {last} ({last - first + 1})", markup=False)
    if found:
        raise typer.Exit(common.EXIT_REFUSED)
    out.print("No record is missing.")


@app.command()
def rejected(
    charger: Annotated[str | None, typer.Argument(help="One charger only.")] = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="Look at them again with today's schemas.")
    ] = False,
    db: common.Db = DB_DEFAULT,
    broker: common.BrokerAddress = BROKER_DEFAULT,
    at: common.At = None,
    store_only: common.StoreOnly = False,
) -> None:
    """What was set aside and why. Everything is kept as it came."""
    with common.opened(db, common.make_clock(at)) as service:
        if retry:
            for one in [service.charger(charger)] if charger else service.chargers():
                taken, down = service.rejudge(one.id)
                done = f"{one.id}: {taken} taken."
                common.act(service, one.id, down, broker, 0.0, store_only, done)
        table = make_table(
            ("Charger", "Seq", "Reason", "Detail", "First seen", "Times", "Named in ack")
        )
        for entry in service.rejected(charger):
            seq = "" if entry.seq is None else str(entry.seq)
            named = "yes" if entry.named else "no"
            seen = (time_text(entry.first_at), str(entry.times), named)
            add_row(table, entry.charger, seq, entry.reason, entry.detail, *seen)
        common.console().print(table)


@app.command()
def orders(charger: common.ChargerId, db: common.Db = DB_DEFAULT) -> None:
    """Orders given to a charger and what became of them."""
    table = make_table(("N", "Order", "Given", "Lapses", "Result", "Reason", "Detail"))
    with common.opened(db, common.make_clock(None)) as service:
        for one in service.orders_of(charger):
            times = (time_text(one.made_at), time_text(one.exp))
            answer = (one.result or "no answer", one.reason, one.detail)
            add_row(table, str(one.n), one.do, *times, *answer)
    common.console().print(table)
