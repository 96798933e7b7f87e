"""`python -m tools.image`: build the charger's image for a board and show what it weighs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tools.image.builder import BuildError, build, sizes
from tools.image.compiler import CompileError

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
console = Console()


@app.callback()
def image():
    """Build the charger's image."""


@app.command("build")
def build_command(
    board: Annotated[
        str, typer.Option(help="a name below boards/, like sim, or a folder with a board.json")
    ],
    out: Annotated[Path | None, typer.Option(help="default: .build/image/<board>")] = None,
):
    """Compile agent, hal, firmware, the board and umqtt.simple to .mpy; print sizes by module."""
    try:
        made = build(board, out)
    except (BuildError, CompileError) as error:
        typer.echo("image: %s" % error, err=True)
        raise typer.Exit(1) from error
    table = Table(title="image for %s" % board)
    table.add_column("module")
    table.add_column("bytes", justify="right")
    weights = sizes(made)
    for path, size in sorted(weights.items()):
        table.add_row(path, "%d" % size)
    table.add_section()
    table.add_row("%d modules" % len(weights), "%d" % sum(weights.values()))
    console.print(table)
    console.print("in %s" % made, soft_wrap=True)


if __name__ == "__main__":
    app()
