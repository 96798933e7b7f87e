"""What the views are made of: tables, and times as people read them."""

from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text

from tools.cloud import mask


def time_text(unix_s: int | None) -> str:
    """A Unix second in UTC, "" for None."""
    if unix_s is None:
        return ""
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def make_table(left: tuple[str, ...], right: tuple[str, ...] = ()) -> Table:
    """An empty table with columns aligned left, then right."""
    table = Table()
    for name in left:
        table.add_column(name)
    for name in right:
        table.add_column(name, justify="right")
    return table


def add_row(table: Table, *cells: str) -> None:
    """Add cells as Text: what a charger has said is never markup."""
    table.add_row(*(Text(mask.plain(cell)) for cell in cells))
