"""`python -m tools.boards`: look at board descriptions before an image is built of them."""

from typing import Annotated

import typer

from tools.boards.checker import BoardError, checked, folder_of, names

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


@app.callback()
def boards():
    """Boards as data: boards/<name>/board.json."""


@app.command("list")
def list_command():
    """Name the boards of this tree that are data."""
    for name in names():
        typer.echo(name)


@app.command("check")
def check_command(
    board: Annotated[
        list[str] | None, typer.Argument(help="names or folders; default: every board")
    ] = None,
):
    """Hold descriptions against schema and rules; exit code 1 and a line for each field that is wrong."""
    wrong = False
    for name in board or names():
        folder = folder_of(name)
        try:
            if folder is None:
                raise BoardError("%s: no board.json there" % name)
            checked(folder)
            typer.echo("%s: good" % name)
        except BoardError as error:
            typer.echo(str(error), err=True)
            wrong = True
    raise typer.Exit(1 if wrong else 0)


if __name__ == "__main__":
    app()
