"""Cut the power at every flash operation of a charger's life: `python -m host_tests.sweep --help`.

Exit code 0: nothing was lost, 1: a law was broken, 2: the sweep itself could not run.
"""

import json
import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from hal.mock.flash import CUT_MODES
from host_tests.flash.programs import command
from tools.setup import interpreters
from tools.setup.places import ROOT

WORKER = Path(__file__).with_name("worker.py")
SHOWN = 3  # violations told in full

app = typer.Typer(add_completion=False)
console = Console()


class NoSweep(Exception):
    """The sweep cannot run; the text says why."""


def lines(interpreter, jobs, every, first, only, twice, modes, planted=0):
    """Run the worker: its facts, one dict after the other."""
    words, env = command(WORKER, interpreter)
    words += [str(n) for n in (jobs, every, first, only, twice, planted)] + list(modes)
    with subprocess.Popen(
        words, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as worker:
        said = []
        ended = False
        for line in worker.stdout:
            try:
                facts = json.loads(line)
            except ValueError:
                said.append(line)
                continue
            ended = ended or "end" in facts
            yield facts
    if not ended:
        raise NoSweep("the worker ended with %d\n%s" % (worker.returncode, "".join(said[-40:])))


def found(bits):
    """The MicroPython with words of `bits`, None for CPython (0)."""
    if not bits:
        return None
    for one in interpreters():
        if one.word_bits == bits:
            return one
    raise NoSweep("MicroPython with %d-bit words is not here: make setup says why" % bits)


def sweep(interpreter, jobs, every, first, only, twice, modes):
    """Count the operations, then cut: (facts by step, cuts, violations)."""
    uncut = list(lines(interpreter, 1, 1, 1 << 30, -1, 0, modes))
    operations = Counter(facts["step"] for facts in uncut if "op" in facts)
    violations = [facts for facts in uncut if "violation" in facts]
    cuts = Counter()
    if violations:
        for facts in violations:
            tell(facts, console)
        return operations, cuts, violations
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        task = progress.add_task("", total=sum(operations.values()))
        for facts in lines(interpreter, jobs, every, first, only, twice, modes):
            if "op" in facts:
                progress.update(task, completed=facts["op"] + 1, description=facts["step"])
                cuts[facts["step"]] += len(modes) * facts["cut"]
            elif "more" in facts:
                cuts[facts["step"]] += facts["more"]
            elif "violation" in facts:
                violations.append(facts)
                if len(violations) <= SHOWN:
                    tell(facts, progress.console)
    return operations, cuts, violations


def tell(facts, out):
    """Say what is broken, and how to see it again."""
    out.print("[red]cut at %s (%s)[/red]" % (facts["violation"], facts["step"]), highlight=False)
    out.print(facts["error"].rstrip(), highlight=False, markup=False)
    words = facts["violation"].split()
    if words[0].isdigit():
        out.print(
            "again: python -m host_tests.sweep --only %s --mode %s"
            % (words[0], words[1].strip(","))
        )


def print_table(operations, cuts, violations):
    broken = Counter(facts["step"] for facts in violations)
    table = Table("step", "operations", "cuts", "violations")
    for column in table.columns[1:]:
        column.justify = "right"
    for step, count in operations.items():
        table.add_row(step, str(count), str(cuts[step]), str(broken[step] or ""))
    table.add_section()
    table.add_row("all", str(operations.total()), str(cuts.total()), str(len(violations)))
    console.print(table)


@app.command()
def main(
    micropython: Annotated[
        int, typer.Option(help="Under MicroPython with so many bits.", metavar="32|64")
    ] = 0,
    every: Annotated[int, typer.Option(help="Cut at every so many operations.", min=1)] = 1,
    first: Annotated[int, typer.Option(help="Begin with this operation.", min=0)] = 0,
    only: Annotated[int, typer.Option(help="Cut at this operation only.")] = -1,
    mode: Annotated[
        list[str] | None, typer.Option(help="before, torn, garbage, after; all unless given.")
    ] = None,
    twice: Annotated[
        int,
        typer.Option(help="Cut again at every so many operations of the boot after a cut.", min=0),
    ] = 0,
    jobs: Annotated[int, typer.Option(help="Forks at a time.", min=1)] = min(
        8, os.cpu_count() or 1
    ),
):
    """Live one charger's life, and cut its power at every program and erase of its flash."""
    modes = mode or CUT_MODES
    try:
        if set(modes) - set(CUT_MODES):
            raise NoSweep("--mode: one of " + ", ".join(CUT_MODES))
        interpreter = found(micropython)
        operations, cuts, violations = sweep(interpreter, jobs, every, first, only, twice, modes)
    except NoSweep as error:
        console.print("sweep: %s" % error, style="red", markup=False)
        raise typer.Exit(2)
    print_table(operations, cuts, violations)
    label = interpreter.label if interpreter else "cpython"
    if violations:
        console.print("%s: %d cuts broke a law" % (label, len(violations)), style="red")
        raise typer.Exit(1)
    console.print(
        "%s: %d cut points (%s): 0 sessions lost, 0 doubled, every Wh and every record accounted"
        % (label, cuts.total(), ", ".join(modes))
    )


if __name__ == "__main__":
    app()
