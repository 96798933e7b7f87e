"""The portal's acts, typed."""

import csv
from pathlib import Path
from typing import Annotated

import typer

from tools.cloud import cli_common as common
from tools.cloud import keys, orders, portal, subscribers
from tools.cloud.cli_common import BROKER_DEFAULT, DB_DEFAULT
from tools.cloud.errors import CloudError
from tools.cloud.mask import card

app = typer.Typer()

_MEANING = """Pay per month for {charger}:
  - Only subscribers on its list can charge. Everybody else is refused.
  - Energy and times of every session are recorded with its user and billed once a month.
  - A session keeps the tariff it began with. Switching off again does not change a running one."""


@app.command()
def register(
    charger: common.ChargerId,
    key: Annotated[
        str | None, typer.Option(envvar="PPM_KEY", metavar="HEX64", help="Master key.")
    ] = None,
    new_key: Annotated[bool, typer.Option(help="Make a key and print it, once.")] = False,
    generation: Annotated[int, typer.Option(min=1, help="Which key of this charger.")] = 1,
    first_seq: Annotated[int, typer.Option(min=1, help="First record number to expect.")] = 1,
    db: common.Db = DB_DEFAULT,
) -> None:
    """Make a charger known by its master key (32 bytes, the same as in the charger)."""
    if new_key == (key is not None):
        raise common.fail("Give either --key HEX64 or --new-key.", 2)
    text = portal.new_key().hex() if new_key else str(key)
    with common.opened(db, common.make_clock(None)) as service:
        service.register(charger, text, generation, first_seq)
    out = common.console()
    out.print(f"{charger} is registered, key {keys.kid('up', generation)}.", markup=False)
    if new_key:
        out.print(f"Master key: {text}", markup=False)
        out.print("Put it into the charger now; it is not shown again.")


@app.command()
def enable(
    charger: common.ChargerId,
    actor: Annotated[str, typer.Option(help="Who switches it on.")],
    role: Annotated[str, typer.Option(help="Role of the actor; superadmin is needed.")],
    plan: Annotated[str, typer.Option(help="Plan of the owner; business is needed.")],
    accept: Annotated[bool, typer.Option("--accept", help="Accept what it means.")] = False,
    db: common.Db = DB_DEFAULT,
    broker: common.BrokerAddress = BROKER_DEFAULT,
    at: common.At = None,
    wait: common.Wait = 0.0,
    store_only: common.StoreOnly = False,
) -> None:
    """Switch pay per month on. Shows what it means and asks, unless --accept is given."""
    with common.opened(db, common.make_clock(at)) as service:
        service.charger(charger)
        portal.may_enable(actor, role, plan)
        if not accept:
            common.console().print(_MEANING.format(charger=charger), markup=False)
            if not typer.confirm("Switch it on?"):
                raise CloudError("Not switched on. Nothing was changed.")
        down = service.enable(charger, actor, role, plan)
        if service.charger(charger).tariff_id is None:
            common.console(stderr=True).print(
                f"note: {charger} has no tariff yet: set one with `tariff`, or nothing can be billed."
            )
        done = f"Pay per month is on for {charger}."
        common.act(service, charger, down, broker, wait, store_only, done)


@app.command()
def disable(
    charger: common.ChargerId,
    actor: Annotated[str, typer.Option(help="Who switches it off.")],
    role: Annotated[str, typer.Option(help="Role of the actor; superadmin is needed.")],
    db: common.Db = DB_DEFAULT,
    broker: common.BrokerAddress = BROKER_DEFAULT,
    at: common.At = None,
    wait: common.Wait = 0.0,
    store_only: common.StoreOnly = False,
) -> None:
    """Switch pay per month off. A running session ends as it began."""
    with common.opened(db, common.make_clock(at)) as service:
        down = service.disable(charger, actor, role)
        done = f"Pay per month is off for {charger}."
        common.act(service, charger, down, broker, wait, store_only, done)


@app.command()
def tariff(
    charger: common.ChargerId,
    tariff_id: Annotated[str, typer.Argument(metavar="TARIFF", help="Tariff id.")],
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "EUR",
    energy: Annotated[str | None, typer.Option(help="Price per kWh.")] = None,
    time: Annotated[str | None, typer.Option(help="Price per hour of charging.")] = None,
    parking_time: Annotated[
        str | None, typer.Option(help="Price per hour in which the car takes nothing.")
    ] = None,
    flat: Annotated[str | None, typer.Option(help="Price per session.")] = None,
    db: common.Db = DB_DEFAULT,
    broker: common.BrokerAddress = BROKER_DEFAULT,
    at: common.At = None,
    wait: common.Wait = 0.0,
    store_only: common.StoreOnly = False,
) -> None:
    """Assign a tariff. New prices make a new version; a running session keeps the one it has."""
    with common.opened(db, common.make_clock(at)) as service:
        down = service.tariff(
            charger,
            tariff_id,
            currency,
            energy=energy,
            time=time,
            parking_time=parking_time,
            flat=flat,
        )
        version = service.charger(charger).tariff_version
        done = f"{charger} has tariff {tariff_id} version {version}."
        common.act(service, charger, down, broker, wait, store_only, done)


@app.command()
def settings(
    charger: common.ChargerId,
    change: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=VALUE]...", help="Such as access.lapse_s=30."),
    ] = None,
    db: common.Db = DB_DEFAULT,
    broker: common.BrokerAddress = BROKER_DEFAULT,
    at: common.At = None,
    wait: common.Wait = 0.0,
    store_only: common.StoreOnly = False,
) -> None:
    """Show a charger's settings, or change some."""
    with common.opened(db, common.make_clock(at)) as service:
        if not change:
            values = portal.read_settings(service.charger(charger))
            for name in portal.setting_names():
                value = values
                for step in name.split("."):
                    value = value[step]
                common.console().print(f"{name}={value}", markup=False)
            return
        wrong = [text for text in change if "=" not in text]
        if wrong:
            raise CloudError(f"{wrong[0]!r} is no change. Write NAME=VALUE.")
        pairs = (text.split("=", 1) for text in change)
        changes = {name: int(value) if value.isdecimal() else value for name, value in pairs}
        down = service.settings(charger, **changes)
        common.act(service, charger, down, broker, wait, store_only, "Settings changed.")


@app.command()
def subscribe(
    charger: common.ChargerId,
    user: Annotated[str | None, typer.Argument(help="Subscriber.")] = None,
    uid: Annotated[str | None, typer.Argument(help="Card UID, hex.")] = None,
    contract: Annotated[str, typer.Option(help="Contract reference.")] = "",
    group: Annotated[str, typer.Option(help="Group: its cards may stop each other.")] = "",
    billing: Annotated[str, typer.Option(help="ppm or free.")] = "ppm",
    until: Annotated[int | None, typer.Option(metavar="UNIX", help="Valid until.")] = None,
    status: Annotated[str, typer.Option(help="active, pending, blocked or expired.")] = "active",
    file: Annotated[
        Path | None,
        typer.Option(
            "--csv", help="Many at once: a CSV with the columns user,uid[,contract,...]."
        ),
    ] = None,
    db: common.Db = DB_DEFAULT,
    broker: common.BrokerAddress = BROKER_DEFAULT,
    at: common.At = None,
    wait: common.Wait = 0.0,
    store_only: common.StoreOnly = False,
) -> None:
    """Let a subscriber's card charge."""
    with common.opened(db, common.make_clock(at)) as service:
        if file is not None:
            entries = _read_csv(file)
            done = f"{len(entries)} cards may charge at {charger}."
        elif user and uid:
            entry = {"user": user, "uid": uid, "contract": contract, "group": group}
            entries = [entry | {"billing": billing, "until": until, "status": status}]
            done = f"{user} may charge at {charger} with card {card(subscribers.parse_uid(uid))}."
        else:
            raise CloudError("Give a user and a card UID, or --csv FILE.")
        down = service.subscribe_many(charger, entries)
        common.act(service, charger, down, broker, wait, store_only, done)


def _read_csv(path: Path) -> list[dict]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeError, csv.Error) as error:
        raise CloudError(f"{path} cannot be read: {error}")
    for number, row in enumerate(rows, 2):
        if not row.get("user") or not row.get("uid"):
            raise CloudError(f"{path} line {number}: the columns user and uid are needed.")
        until = row.get("until") or None
        if until is not None and not until.isdecimal():
            raise CloudError(f"{path} line {number}: until is a Unix time.")
        row["until"] = int(until) if until else None
    return rows


@app.command()
def unsubscribe(
    charger: common.ChargerId,
    user: Annotated[str, typer.Argument(help="Subscriber.")],
    uid: Annotated[str | None, typer.Argument(help="One card only.")] = None,
    db: common.Db = DB_DEFAULT,
    broker: common.BrokerAddress = BROKER_DEFAULT,
    at: common.At = None,
    wait: common.Wait = 0.0,
    store_only: common.StoreOnly = False,
) -> None:
    """Take a subscriber's cards off a charger's list."""
    with common.opened(db, common.make_clock(at)) as service:
        down = service.unsubscribe(charger, user, uid)
        done = f"{user} may not charge at {charger} any more."
        common.act(service, charger, down, broker, wait, store_only, done)


@app.command()
def order(
    charger: common.ChargerId,
    do: Annotated[str, typer.Argument(metavar="DO", help=", ".join(orders.DOS))],
    user: Annotated[str | None, typer.Option(help="start: subscriber.")] = None,
    contract: Annotated[str, typer.Option(help="start: contract.")] = "",
    group: Annotated[str, typer.Option(help="start: group.")] = "",
    billing: Annotated[str, typer.Option(help="start: ppm or free.")] = "ppm",
    first: Annotated[int | None, typer.Option("--from", help="resend: first record.")] = None,
    last: Annotated[int | None, typer.Option("--to", help="resend: last record.")] = None,
    time: Annotated[int | None, typer.Option(help="set_time: Unix time; now if left out.")] = None,
    connector: Annotated[int | None, typer.Option(min=1, help="Socket.")] = None,
    ttl: Annotated[int, typer.Option(min=1, metavar="SECONDS", help="Lapses after.")] = 300,
    db: common.Db = DB_DEFAULT,
    broker: common.BrokerAddress = BROKER_DEFAULT,
    at: common.At = None,
    wait: common.Wait = 0.0,
) -> None:
    """Give one signed command. With --wait the exit code says whether it was obeyed."""
    members: dict[str, object] = {"connector": connector}
    if do == "start":
        if not user:
            raise common.fail("start needs --user.", 2)
        members |= {"user": user, "contract": contract, "group": group, "billing": billing}
    members |= {"from_": first, "to": last, "time": time}
    with common.opened(db, common.make_clock(at)) as service:
        down = service.order(charger, do, ttl, **members)
        n = service.charger(charger).order_n
        common.act(service, charger, down, broker, wait, False, f"Order {n} {do}.")


@app.command()
def resync(
    charger: common.ChargerId,
    db: common.Db = DB_DEFAULT,
    broker: common.BrokerAddress = BROKER_DEFAULT,
    at: common.At = None,
    wait: common.Wait = 0.0,
    store_only: common.StoreOnly = False,
) -> None:
    """Send configuration and whole list anew, with versions above what the charger has."""
    with common.opened(db, common.make_clock(at)) as service:
        down = service.resync(charger)
        common.act(service, charger, down, broker, wait, store_only, f"{charger} is made anew.")


@app.command("write-off")
def write_off(
    charger: common.ChargerId,
    first: Annotated[int, typer.Argument(min=1, help="First record number.")],
    last: Annotated[int, typer.Argument(min=1, help="Last record number.")],
    reason: Annotated[str, typer.Option(help="For the books: why they will never come.")],
    db: common.Db = DB_DEFAULT,
    broker: common.BrokerAddress = BROKER_DEFAULT,
    at: common.At = None,
    store_only: common.StoreOnly = False,
) -> None:
    """Give up missing records that the charger cannot produce, so that the next ones flow."""
    with common.opened(db, common.make_clock(at)) as service:
        down = service.write_off(charger, first, last, reason)
        common.act(service, charger, down, broker, 0.0, store_only, "Written off.")
