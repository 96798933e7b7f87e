"""`python -m host_tests.access`: docs/access.md as it has to be; exit code 1 when the file is another."""

from typing import Annotated

import typer

from host_tests.access.page import PAGE, page


def main(
    write: Annotated[bool, typer.Option("--write", help="Write the file.")] = False,
) -> None:
    """Print the page of access rules from its source, or write docs/access.md."""
    text = page()
    if write:
        PAGE.write_text(text)
        typer.echo(f"{PAGE.name} written")
        return
    typer.echo(text, nl=False)
    if not PAGE.exists() or PAGE.read_text() != text:
        typer.echo(f"{PAGE.name} is another: --write", err=True)
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
