"""The portal's acts, typed. What they all do besides is in cli_sending.py."""

from pathlib import Path
from typing import Annotated

import typer

from tools.cloud import cli_common as common
from tools.cloud import keys, orders, portal, subscribers
from tools.cloud.cli_common import DB_DEFAULT
from tools.cloud.cli_sending import Done, sends
from tools.cloud.errors import CloudError
from tools.cloud.mask import card
from tools.cloud.people import COLUMNS, People
from tools.cloud.service import Service

app = typer.Typer()

_TRACE_WAIT_S = 10.0

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


@sends(app)
def enable(
    service: Service,
    charger: common.ChargerId,
    actor: Annotated[str, typer.Option(help="Who switches it on.")],
    role: Annotated[str, typer.Option(help="Role of the actor; superadmin is needed.")],
    plan: Annotated[str, typer.Option(help="Plan of the owner; business is needed.")],
    accept: Annotated[bool, typer.Option("--accept", help="Accept what it means.")] = False,
) -> Done:
    """Switch pay per month on. Shows what it means and asks, unless --accept is given."""
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
    return down, f"Pay per month is on for {charger}."


@sends(app)
def disable(
    service: Service,
    charger: common.ChargerId,
    actor: Annotated[str, typer.Option(help="Who switches it off.")],
    role: Annotated[str, typer.Option(help="Role of the actor; superadmin is needed.")],
) -> Done:
    """Switch pay per month off. A running session ends as it began."""
    return service.disable(charger, actor, role), f"Pay per month is off for {charger}."


@sends(app)
def tariff(
    service: Service,
    charger: common.ChargerId,
    tariff_id: Annotated[str, typer.Argument(metavar="TARIFF", help="Tariff id.")],
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "EUR",
    energy: Annotated[str | None, typer.Option(help="Price per kWh.")] = None,
    time: Annotated[str | None, typer.Option(help="Price per hour of charging.")] = None,
    parking_time: Annotated[
        str | None, typer.Option(help="Price per hour in which the car takes nothing.")
    ] = None,
    flat: Annotated[str | None, typer.Option(help="Price per session.")] = None,
) -> Done:
    """Assign a tariff. New prices make a new version; a running session keeps the one it has."""
    prices = {"energy": energy, "time": time, "parking_time": parking_time, "flat": flat}
    down = service.tariff(charger, tariff_id, currency, **prices)
    version = service.charger(charger).tariff_version
    return down, f"{charger} has tariff {tariff_id} version {version}."


@sends(app)
def settings(
    service: Service,
    charger: common.ChargerId,
    change: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME=VALUE]...", help="Such as access.lapse_s=30 or access.groups=g-1,g-2."
        ),
    ] = None,
) -> Done | None:
    """Show a charger's settings, or change some."""
    if not change:
        _show_settings(portal.read_settings(service.charger(charger)))
        return None
    wrong = [text for text in change if "=" not in text]
    if wrong:
        raise CloudError(f"{wrong[0]!r} is no change. Write NAME=VALUE.")
    pairs = (text.split("=", 1) for text in change)
    changes = {name: _setting(name, value) for name, value in pairs}
    return service.settings(charger, **changes), "Settings changed."


def _setting(name: str, text: str) -> object:
    if name == "access.groups":
        return [group for group in text.split(",") if group]
    return int(text) if text.isdecimal() else text


def _show_settings(values: dict) -> None:
    for name in portal.setting_names():
        value = values
        for step in name.split("."):
            value = value[step]
        shown = ",".join(value) if isinstance(value, list) else value
        common.console().print(f"{name}={shown}", markup=False)


@sends(app)
def subscribe(
    service: Service,
    charger: common.ChargerId,
    user: Annotated[str | None, typer.Argument(help="Subscriber.")] = None,
    uid: Annotated[str | None, typer.Argument(help="Card UID, hex.")] = None,
    contract: Annotated[str, typer.Option(help="Contract reference.")] = "",
    group: Annotated[str, typer.Option(help="Group: its cards may stop each other.")] = "",
    billing: Annotated[
        str, typer.Option(help="ppm, free, or none: known, without pay per month.")
    ] = "ppm",
    until: Annotated[int | None, typer.Option(metavar="UNIX", help="Valid until.")] = None,
    status: Annotated[str, typer.Option(help="active, pending, blocked or expired.")] = "active",
    proof: Annotated[
        str, typer.Option(help="uid, or sun: the card must prove itself (NTAG 424 DNA).")
    ] = "uid",
    file: Annotated[
        Path | None,
        typer.Option("--file", "--csv", help=f"Many at once: CSV with {', '.join(COLUMNS)}."),
    ] = None,
) -> Done:
    """Let a subscriber's card charge."""
    if file is not None:
        with People(file) as entries:
            down = service.subscribe_many(charger, entries)
            return down, f"{entries.count} cards may charge at {charger}."
    elif user and uid:
        entry = {"user": user, "uid": uid, "contract": contract, "group": group}
        entry |= {"billing": billing, "until": until, "status": status, "proof": proof}
        done = f"{user} may charge at {charger} with card {card(subscribers.parse_uid(uid))}."
        return service.subscribe_many(charger, [entry]), done
    raise CloudError("Give a user and a card UID, or --file FILE.")


@sends(app)
def unsubscribe(
    service: Service,
    charger: common.ChargerId,
    user: Annotated[str, typer.Argument(help="Subscriber.")],
    uid: Annotated[str | None, typer.Argument(help="One card only.")] = None,
) -> Done:
    """Take a subscriber's cards off a charger's list."""
    return service.unsubscribe(charger, user, uid), f"{user} may not charge at {charger} any more."


@sends(app, without="store_only")
def order(
    service: Service,
    charger: common.ChargerId,
    do: Annotated[str, typer.Argument(metavar="DO", help=", ".join(orders.DOS))],
    user: Annotated[str | None, typer.Option(help="start, revoke: subscriber.")] = None,
    contract: Annotated[str, typer.Option(help="start: contract.")] = "",
    group: Annotated[str, typer.Option(help="start: group.")] = "",
    billing: Annotated[str, typer.Option(help="start: ppm or free.")] = "ppm",
    first: Annotated[int | None, typer.Option("--from", help="resend: first record.")] = None,
    last: Annotated[int | None, typer.Option("--to", help="resend: last record.")] = None,
    time: Annotated[int | None, typer.Option(help="set_time: Unix time; now if left out.")] = None,
    connector: Annotated[int | None, typer.Option(min=1, help="Socket.")] = None,
    session: Annotated[str | None, typer.Option(help="stop, revoke: only this session.")] = None,
    card_uid: Annotated[
        str | None, typer.Option("--card", help="start: a card that can stop it.")
    ] = None,
    ttl: Annotated[int, typer.Option(min=1, metavar="SECONDS", help="Lapses after.")] = 300,
) -> Done:
    """Give one signed command. With --wait the exit code says whether it was obeyed.

    `trace` waits for the answer and prints the charger's last decisions about access.
    """
    members: dict[str, object] = {"connector": connector}
    if do == "start":
        if not user:
            raise common.fail("start needs --user.", 2)
        members |= {"user": user, "contract": contract, "group": group, "billing": billing}
    if do == "revoke":
        members |= {"user": user}
    members |= {"from_": first, "to": last, "time": time, "session_": session, "card": card_uid}
    down = service.order(charger, do, ttl, **members)
    done = f"Order {service.charger(charger).order_n} {do}."
    # what it asks for comes in the answer
    return (down, done, _TRACE_WAIT_S) if do == "trace" else (down, done)


@sends(app)
def resync(service: Service, charger: common.ChargerId) -> Done:
    """Send configuration and whole list anew, with versions above what the charger has."""
    return service.resync(charger), f"{charger} is made anew."


@sends(app, "write-off", without="wait")
def write_off(
    service: Service,
    charger: common.ChargerId,
    first: Annotated[int, typer.Argument(min=1, help="First record number.")],
    last: Annotated[int, typer.Argument(min=1, help="Last record number.")],
    reason: Annotated[str, typer.Option(help="For the books: why they will never come.")],
) -> Done:
    """Give up missing records that the charger cannot produce, so that the next ones flow."""
    return service.write_off(charger, first, last, reason), "Written off."
