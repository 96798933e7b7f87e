"""`python -m host_tests.years`: charger-years in virtual time; exit code 1 when a law is broken."""

import json
import subprocess
import time
from concurrent.futures import ProcessPoolExecutor, as_completed

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from host_tests.years import micropython as upy
from host_tests.years.run import live
from host_tests.years.shrink import shortest

NAMES = ("sessions", "cuts", "restarts", "faults", "records", "steps", "events", "forks", "wh")
TITLES = (
    "sessions",
    "power cuts",
    "restarts",
    "faults",
    "records",
    "steps",
    "events",
    "forks",
    "Wh",
)
LIFE_DAYS = 183
VISITS = 6  # of drivers a day: about three of them become a session


def desk_life(seed, days):
    """One life on CPython: (seed, figures, broken)."""
    figures, broken = live(seed, days, visits_a_day=VISITS)
    return seed, figures, broken


def board_life(seed, days, bits):
    """One life under a MicroPython."""
    figures, broken = upy.live(bits, seed, days, VISITS)
    return seed, figures, broken


def command_of(seed, days, bits):
    """The command line that plays a seed again."""
    more = " --micropython %d" % bits if bits else ""
    return "python -m host_tests.years --replay %d --days %d%s" % (seed, days, more)


def tell(console, seed, days, bits, broken, tries):
    """Print what broke, and the shortest events that still break it."""
    law, text, at = broken
    console.print("[red]seed %d, event %d: law %d[/red]" % (seed, at, law))
    console.print(text, markup=False, highlight=False)
    console.print("again: %s" % command_of(seed, days, bits), markup=False, highlight=False)
    if not tries:
        return
    events, again = shortest(seed, days, broken, VISITS, tries)
    if again is None or again[0] != law:
        console.print("it breaks there only after all %d events" % at)
        return
    console.print("the shortest events that still break it (wait in ms, what, ...):")
    for event in events:
        console.print("  " + json.dumps(event), markup=False, highlight=False, soft_wrap=True)
    console.print(again[1], markup=False, highlight=False)


def main(
    years: float = typer.Option(20.0, help="charger-years, in lives of half a year"),
    seed: int = typer.Option(1, help="seed of the first life; the next ones count up"),
    jobs: int = typer.Option(2, help="lives at once"),
    micropython: int = typer.Option(0, help="32 or 64: run under that MicroPython instead"),
    replay: int = typer.Option(0, help="live this seed's life alone"),
    days: int = typer.Option(LIFE_DAYS, help="days of one life"),
    tries: int = typer.Option(400, help="replays spent on shrinking a failure, 0: none"),
) -> None:
    """Let chargers live for years in virtual time and hold every step against the laws."""
    console = Console()
    seeds = [replay] if replay else list(range(seed, seed + max(1, round(years * 365 / days))))
    started = time.monotonic()
    totals = dict.fromkeys(NAMES, 0)
    failures = []
    spent_s = 0.0
    columns = (TextColumn("[progress.description]{task.description}"), BarColumn(),
               MofNCompleteColumn(), TimeElapsedColumn())  # fmt: skip
    with ProcessPoolExecutor(jobs) as pool, Progress(*columns, console=console) as progress:
        task = progress.add_task("lives", total=len(seeds))
        if micropython:
            running = [pool.submit(board_life, one, days, micropython) for one in seeds]
        else:
            running = [pool.submit(desk_life, one, days) for one in seeds]
        for done in as_completed(running):
            which, figures, broken = done.result()
            for name in NAMES:
                totals[name] += figures.get(name, 0)
            if broken:
                failures.append((which, broken))
            progress.advance(task)
            progress.update(task, description="lives, %d sessions" % totals["sessions"])
    spent_s = time.monotonic() - started
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("charger-years", "%.1f" % (len(seeds) * days / 365))
    table.add_row("lives", str(len(seeds)))
    for name, title in zip(NAMES, TITLES, strict=True):
        table.add_row(title, "{:,}".format(totals[name]))
    table.add_row("seconds", "%.0f" % spent_s)
    console.print(table)
    for which, broken in sorted(failures)[:5]:
        tell(console, which, days, micropython, broken, tries)
    if failures:
        console.print("[red]%d of %d lives broke a law[/red]" % (len(failures), len(seeds)))
        raise typer.Exit(1)
    console.print("0 laws broken")


if __name__ == "__main__":
    try:
        typer.run(main)
    except subprocess.SubprocessError as error:
        raise SystemExit("years: %s" % error) from error
