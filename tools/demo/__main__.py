"""`python -m tools.demo`: see `make demo`."""

import contextlib
import shutil
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tools.cloud import render, zones
from tools.cloud.errors import CloudError
from tools.demo import story
from tools.demo.check import Check, reconcile
from tools.demo.month import Month, load
from tools.demo.stage import DemoError, Fitted, Stage
from tools.setup.errors import NotHad
from tools.simulate.errors import SimulateError
from tools.simulate.launch import help_of

app = typer.Typer(add_completion=False)
LEAD_S = 3600  # the charger is installed this long before the first visit


@app.command()
def demo(
    broker: Annotated[str, typer.Option(help="amqtt (pure Python) or mosquitto")] = "amqtt",
    visits: Annotated[int, typer.Option(min=0, help="only the first N; 0: the whole month")] = 0,
    heap: Annotated[int, typer.Option(min=0, help="the charger's heap in KiB; 0: a board's")] = 0,
    word: Annotated[
        int, typer.Option(help="the charger's word size: 32, 64, 0: what there is")
    ] = 0,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="write the statements here as JSON")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="keep database, flash image and logs in this new folder")
    ] = None,
    meter: Annotated[str, typer.Option(help=help_of("meter", "mock"))] = "mock",
    reader: Annotated[str, typer.Option(help=help_of("reader", "mock"))] = "mock",
    power: Annotated[str, typer.Option(help=help_of("power", "mock"))] = "mock",
    examples: Annotated[
        Path | None, typer.Option(help="keep one message of each kind in this folder")
    ] = None,
) -> None:
    """A charger lives through a month of real sessions and ends in every subscriber's statement."""
    console = Console()
    began = time.monotonic()
    month = load(visits or None)
    first, last = zones.month_bounds(month.name, zones.zone(month.timezone))
    start_s = max(first, month.visits[0].connected_s - LEAD_S)
    try:
        with _folder(keep) as folder:
            fitted = Fitted(meter, reader, power)
            heap_kib, bits = heap or None, word or None
            with Stage(folder, broker, start_s, heap_kib, bits, examples, fitted) as stage:
                console.print(
                    f"[bold]Charger[/bold] {stage.charger.launch.interpreter}, compiled image; "
                    f"[bold]meter, reader, power[/bold] {meter}, {reader}, {power}; "
                    f"[bold]broker[/bold] {broker}; [bold]sessions[/bold] {len(month.visits)} of "
                    f"{month.name}, {month.timezone}"
                )
                _live(stage, month, last, console)
                report = stage.service.statement(month.name)
                checks = reconcile(stage, report, len(month.visits))
                if json_file:
                    json_file.write_text(render.to_json(report))
    except (DemoError, SimulateError, CloudError, NotHad) as error:
        console.print(f"[red]demo: {error}[/red]")
        raise typer.Exit(1)
    render.show(report, console)
    good = _show_checks(checks, console)
    console.print(f"{time.monotonic() - began:.1f} s")
    raise typer.Exit(0 if good else 1)


def _live(stage: Stage, month: Month, end_s: int, console: Console) -> None:
    zone = ZoneInfo(month.timezone)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("visits", total=len(month.visits))

        def tell(text: str) -> None:
            stamp = datetime.fromtimestamp(stage.now_s, zone).strftime("%d %b %H:%M")
            progress.console.print(f"[dim]{stamp}[/dim]  {text}")

        story.locked_until_enabled(stage, tell)
        story.enable(stage, month, tell)
        planned = story.incidents(len(month.visits))
        for number, stay in enumerate(month.visits):
            story.visit(stage, stay, planned.get(number, ""), tell)
            progress.advance(task)
        story.close_month(stage, end_s)


def _show_checks(checks: list[Check], console: Console) -> bool:
    table = Table(title="Reconciliation", title_justify="left")
    table.add_column("must be equal")
    table.add_column("expected", justify="right")
    table.add_column("found", justify="right")
    table.add_column("may lack", justify="right")
    table.add_column("")
    for check in checks:
        mark = "[green]yes[/green]" if check.holds else "[red]NO[/red]"
        table.add_row(check.what, str(check.expected), str(check.found), check.allowed, mark)
    console.print(table)
    return all(check.holds for check in checks)


@contextlib.contextmanager
def _folder(keep: Path | None):
    if keep is not None:
        if keep.exists():
            raise DemoError(f"--keep: {keep} exists already")
        keep.mkdir(parents=True)
        yield keep.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="ppm-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(app())
