"""What the commands share: options, opening the service, sending, and how errors end a command."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.logging import RichHandler
from sqlalchemy.exc import SQLAlchemyError

from tools.cloud import clock as clocks
from tools.cloud import decisions, mqtt, sender
from tools.cloud.downlink import Downlink
from tools.cloud.errors import CloudError
from tools.cloud.service import Service

EXIT_REFUSED = 1
EXIT_NO_BROKER = 3
EXIT_NO_REPLY = 4
EXIT_DATABASE = 5

_PLAIN_WIDTH = 150

Db = Annotated[str, typer.Option(envvar="PPM_DB", help="Database, an SQLAlchemy URL.")]
BrokerAddress = Annotated[
    str, typer.Option(envvar="PPM_BROKER", help="HOST:PORT or mqtts://USER@HOST:PORT.")
]
At = Annotated[
    int | None,
    typer.Option(envvar="PPM_AT", metavar="UNIX", help="Pretend that it is this Unix time."),
]
Wait = Annotated[
    float,
    typer.Option(metavar="SECONDS", help="Wait so long for the charger's reply and print it."),
]
StoreOnly = Annotated[
    bool,
    typer.Option("--store-only", help="Do not publish; `receive` sends it at the next status."),
]
ChargerId = Annotated[str, typer.Argument(metavar="CHARGER", help="Charger id.")]

DB_DEFAULT = "sqlite:///cloud.db"
BROKER_DEFAULT = "127.0.0.1:1883"


class Format(StrEnum):
    """How a result is printed."""

    table = "table"
    csv = "csv"
    json = "json"


def console(stderr: bool = False) -> Console:
    """A console; wide enough for tables when nobody watches."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else _PLAIN_WIDTH, highlight=False)


def fail(message: object, code: int) -> typer.Exit:
    """Say on stderr what is wrong; the caller raises what this gives."""
    console(stderr=True).print(f"error: {message}", style="red", markup=False)
    return typer.Exit(code)


def make_clock(at: int | None) -> clocks.Clock:
    """The clock of a command."""
    return clocks.wall if at is None else clocks.fixed(at)


@contextmanager
def opened(db: str, clock: clocks.Clock) -> Iterator[Service]:
    """A service for one command; what goes wrong ends the command with its exit code."""
    service = None
    try:
        service = Service(db, clock)
        yield service
    except mqtt.BrokerUnreachable as error:
        raise fail(error, EXIT_NO_BROKER)
    except CloudError as error:
        raise fail(error, EXIT_REFUSED)
    except SQLAlchemyError as error:
        raise fail(f"The database fails: {getattr(error, 'orig', error)}", EXIT_DATABASE)
    finally:
        if service is not None:
            service.close()


def act(
    service: Service,
    charger_id: str,
    down: list[Downlink],
    broker: str,
    wait_s: float,
    store_only: bool,
    done: str,
) -> None:
    """Publish what a portal act gave, say what was done, and wait for the charger if asked to."""
    out = console()
    if store_only:
        out.print(f"{done} Stored, not sent.", markup=False)
        return
    if not down:
        out.print(f"{done} Nothing to send now.", markup=False)
        return
    try:
        answers = sender.send(
            mqtt.Broker.parse(broker), charger_id, down, wait_s, _listener(service, charger_id)
        )
    except mqtt.BrokerUnreachable as error:
        kept = "" if down[0].leaf == "order" else " It is stored: `receive` sends it later."
        raise mqtt.BrokerUnreachable(f"{error}.{kept}")
    sent, parts = service.list_progress(charger_id) if down[0].leaf == "list" else (0, 0)
    if sent < parts and not wait_s:
        more = "`receive` sends the rest as the charger takes them."
        out.print(f"{done} {sent} of {parts} parts are sent; {more}", markup=False)
        return
    out.print(f"{done} Sent.", markup=False)
    if wait_s:
        _report(answers, wait_s)


def _listener(service: Service, charger_id: str) -> Callable[[bytes], list[Downlink]]:
    def heard(payload: bytes) -> list[Downlink]:
        if b'"order"' in payload or b'"list"' in payload:
            return service.take(charger_id, "reply", payload)
        return []

    return heard


def _report(answers: list[dict | None], wait_s: float) -> None:
    out = console()
    for answer in answers:
        if answer is None:
            raise fail(
                f"No reply within {wait_s:g} s. The charger may be offline: see `chargers`.",
                EXIT_NO_REPLY,
            )
        detail = f" ({answer['detail']})" if answer.get("detail") else ""
        out.print(f"{answer['for']}: {answer['result']}, {answer['reason']}{detail}", markup=False)
        if answer.get("trace") is not None:
            decisions.show(answer["trace"], out)
    if any(answer["result"] == "refused" for answer in answers if answer):
        raise typer.Exit(EXIT_REFUSED)


def log_to_console(verbose: bool) -> None:
    """Log to stderr, for `receive`."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(message)s",
        handlers=[RichHandler(console=console(stderr=True), show_path=False, markup=False)],
        force=True,
    )
