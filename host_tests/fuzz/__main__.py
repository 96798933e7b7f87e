"""`python -m host_tests.fuzz`, `make fuzz`: hostile bytes for every parser that outside bytes reach.

Exit code 0: every case was refused or obeyed as the laws say, 1: one was not, 2: it could not run.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from host_tests.fuzz import corpus
from host_tests.fuzz.runs import TARGETS, FuzzError, facts

app = typer.Typer(add_completion=False, no_args_is_help=False)
console = Console()


def checked(names):
    """The targets of these names, all for none."""
    wrong = set(names or ()) - set(TARGETS)
    if wrong:
        console.print(
            "fuzz: no target %s; there are %s" % (", ".join(wrong), ", ".join(TARGETS)),
            style="red",
        )
        raise typer.Exit(2)
    return names or list(TARGETS)


@app.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    target: Annotated[
        list[str] | None, typer.Option(help="One parser only; may be repeated. All unless given.")
    ] = None,
    cases: Annotated[int, typer.Option(help="Cases a parser.", min=1)] = 1_000_000,
    seconds: Annotated[
        float, typer.Option(help="Stop a parser after so long; 0: at its cases.")
    ] = 0,
    seed: Annotated[
        int, typer.Option(help="Of the dice. The same seed goes on where it was stopped.")
    ] = 1,
    jobs: Annotated[int, typer.Option(help="Parsers at a time.", min=1)] = 2,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget what earlier runs here have found.")
    ] = False,
) -> None:
    """Change real messages until a parser fails. A find is made small, kept, and told with its command.

    Stopped (Ctrl-C), it goes on from there the next time. `replay` runs one case again, `keep` makes
    the kept cases few.
    """
    if context.invoked_subcommand:
        return
    names = checked(target)
    if fresh:
        for name in names:
            corpus.forget(name)
    last, finds, errors = {}, [], []
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
    )
    stop = threading.Event()
    with Progress(*columns, console=console) as progress:

        def work(name):
            task = progress.add_task("%-8s" % name, total=cases, said="")
            try:
                for told in facts(name, seed, cases, seconds or 1e9):
                    if stop.is_set():
                        return
                    if "find" in told:
                        finds.append((name, told))
                        tell(progress.console, name, told)
                    elif "cases" in told:
                        last[name] = told
                        said = "{cases:,} cases, {rate:.0f}/s, {reached} of {branches} branches, {finds} finds"
                        progress.update(task, completed=told["cases"], said=said.format(**told))
            except FuzzError as error:
                errors.append(str(error))

        with ThreadPoolExecutor(jobs) as pool:
            try:
                list(pool.map(work, names))
            except KeyboardInterrupt:
                stop.set()
                pool.shutdown(cancel_futures=True)
    show(last)
    for error in errors:
        console.print("fuzz: " + error, style="red", markup=False)
    if errors:
        raise typer.Exit(2)
    console.print("%d finds" % len(finds))
    raise typer.Exit(1 if finds else 0)


def show(last):
    """The table of what was run."""
    table = Table("parser")
    for name in ("cases", "cases/s", "kept", "branches reached", "finds"):
        table.add_column(name, justify="right")
    for name, told in last.items():
        reached = "%d of %d" % (told["reached"], told["branches"])
        row = (
            "{:,}".format(told["cases"]),
            "%.0f" % told["rate"],
            str(told["pool"]),
            reached,
            str(told["finds"]),
        )
        table.add_row(name, *row)
    console.print(table)


def tell(out, name, told):
    """Say what failed, and how to see it again."""
    out.print("%s: %s at %s" % (name, *told["find"]), style="red", markup=False, highlight=False)
    out.print(told["text"].rstrip(), markup=False, highlight=False)
    out.print("again: " + told["again"], markup=False, highlight=False, soft_wrap=True)


@app.command()
def replay(name: str, paths: list[Path]) -> None:
    """Run kept cases again, here, and say what each came to."""
    from host_tests.fuzz.engine import whole
    from host_tests.fuzz.worker import load

    target = load(checked([name])[0])
    failed = 0
    for path in paths:
        case = path.read_bytes()
        find = whole(target, case)
        failed += find is not None
        console.print(
            "%s: %s" % (path, "fails" if find else "holds"),
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        if find:
            console.print(repr(case[:2000]), markup=False, highlight=False)
            console.print(find.text, markup=False, highlight=False)
    raise typer.Exit(1 if failed else 0)


@app.command()
def keep(
    target: Annotated[list[str] | None, typer.Argument(help="All unless given.")] = None,
    most: Annotated[int, typer.Option(help="Cases kept for one parser, finds apart.")] = 40,
) -> None:
    """Of all cases found here and kept before, keep the few that reach most."""
    from host_tests.fuzz.worker import distilled

    for name in checked(target):
        before = len(corpus.kept(name))
        cases = distilled(name, most)
        corpus.replace_kept(name, cases)
        console.print("%s: %d kept, %d before" % (name, len(corpus.kept(name)), before))


if __name__ == "__main__":
    app()
