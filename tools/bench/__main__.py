"""`python -m tools.bench`: see `make bench`."""

import sys
import tempfile
import time
from typing import Annotated

import typer
from rich.console import Console

from tools.bench import accepted
from tools.bench.plan import FULL, QUICK, Plan
from tools.bench.stage import BenchError, Stage
from tools.bench.table import budgets
from tools.image import BuildError, CompileError
from tools.setup import interpreters, missing

app = typer.Typer(add_completion=False)


def measure(stage, amounts, told):
    """Findings of one run. Raises BenchError."""
    here = interpreters()
    if not here:
        raise BenchError("there is no MicroPython to measure with: run `make setup`")
    return Plan(stage, here, amounts, told).run()


@app.command()
def bench(
    quick: Annotated[bool, typer.Option("--quick", help="less of everything, under 40 s")] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="measure both ways and make it the accepted figures")
    ] = False,
) -> None:
    """Measure flash, heap, wear and time of the compiled agent, and hold them against the accepted figures.

    Exit code 1 when a figure in bytes, erases, reads or years is worse than accepted by more than its
    tolerance, or a driver's turn takes more than the control task's 50 ms. Other timings are told as multiples of
    a loop timed in the same run, and never judged.
    """
    console = Console(width=None if sys.stdout.isatty() else 140)
    runs = {}
    amounts = [FULL, QUICK] if accept else [QUICK if quick else FULL]
    for one in amounts:
        runs[one.name] = _one(console, one)
    if accept:
        accepted.save(runs)
        console.print("accepted: %s" % accepted.PATH.name)
        return
    held = accepted.load().get(amounts[0].name, {})
    worse = [
        f for f in runs[amounts[0].name] if accepted.verdict(f, held.get(f.name)) == accepted.WORSE
    ]
    for f in worse:
        facts = held[f.name]
        text = "worse: %s is %s, accepted %s, at the worst %s"
        values = (f.name, f.value, facts["value"], round(accepted.bound(facts), 2))
        console.print(text % values, style="bold red")
    late = [f for f in runs[amounts[0].name] if f.over_budget]
    for f in late:
        console.print(
            "over its budget: %s is %s ms of %d" % (f.name, f.value, f.goal), style="bold red"
        )
    if worse:
        console.print(
            "If that is meant: python -m tools.bench --accept, and say why in the commit."
        )
    if worse or late:
        raise typer.Exit(1)


def _one(console, amounts):
    began = time.monotonic()

    def told(text):
        console.print("  %4.0f s  %s" % (time.monotonic() - began, text), style="dim")

    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            found = measure(Stage.build(folder), amounts, told)
    except (BenchError, BuildError, CompileError) as error:
        console.print("bench: %s" % error, style="red", markup=False)
        raise typer.Exit(2) from error
    held = accepted.load().get(amounts.name, {})
    title = "budgets (%s), %.0f s" % (amounts.name, time.monotonic() - began)
    console.print(budgets(found.figures, held, title))
    for line in found.notes:
        console.print(line, soft_wrap=True)
    for name, why in missing():
        if name.startswith("mp"):
            console.print("not run: %s: %s" % (name, why))
    return found.figures


if __name__ == "__main__":
    app()
