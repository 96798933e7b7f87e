"""A charger's last decisions about access, for people."""

from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from tools.cloud import mask, schemas, wording


def show(trace: object, console: Console) -> None:
    """Print the `trace` of a reply as a table. The reply is not signed: what does not fit is said."""
    why = schemas.problem("reply.json#/properties/trace", trace)
    if why or not isinstance(trace, list):
        console.print(f"The trace is not valid: {why}", markup=False)
        return
    table = Table()
    for name in ("At", "Clock", "Up", "Rule", "Reason", "Card", "Method", "List", "Link", "Times"):
        table.add_column(name)
    for one in trace:
        up = wording.hms(one["up_ms"] // 1000)
        what = (one["rule"], wording.why(one["reason"]), mask.token(one["card"]), one["method"])
        link = "offline" if one["offline"] else "online"
        table.add_row(
            _time(one["at"]["t"]),
            one["at"]["q"],
            up,
            *what,
            f"v{one['list_version']}",
            link,
            str(one["count"]),
        )
    console.print(table)
    if not trace:
        console.print("No decision since the charger booted.")


def _time(unix_s: int | None) -> str:
    if unix_s is None:
        return "?"
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
