"""A subscriber list as it travels: whole or as a difference, sorted, in parts, with a hash."""

import hashlib
from collections.abc import Iterable, Mapping

ENTRIES_A_PART = 20
MEMBERS = ("uid", "type", "user", "contract", "group", "status", "until", "billing")

Line = dict


def sort_key(line: Mapping) -> tuple[str, str]:
    """Entries are sorted by type and UID."""
    return line["type"], line["uid"]


def digest(lines: Iterable[Mapping]) -> str:
    """The published hash over a whole list, 64 hex digits."""
    whole = hashlib.sha256()
    for line in sorted(lines, key=sort_key):
        until = "" if line["until"] is None else str(line["until"])
        fields = (line["type"], line["uid"], line["user"], line["contract"], line["group"])
        text = "|".join((*fields, line["status"], until, line["billing"]))
        whole.update(text.encode() + b"\n")
    return whole.hexdigest()


def parts(
    aud: str,
    version: int,
    base: int | None,
    new: list[Line],
    old: list[Line] | None = None,
    at: int | None = None,
) -> list[dict]:
    """The payloads of one update, in sending order.

    old: the list of version `base` for a difference; None for a whole list (then base is None).
    at: Unix time at which the list was the wanted one; the charger counts its age from there.
    The entries to put and to delete are sorted together, so that a charger can merge them into its
    sorted file in one pass.
    """
    held = {sort_key(line): line for line in old or []}
    wanted = {sort_key(line): line for line in new}
    changes = [(key, line) for key, line in wanted.items() if held.get(key) != line]
    changes += [(key, None) for key in held if key not in wanted]
    changes.sort(key=lambda change: change[0])
    slices = [
        changes[start : start + ENTRIES_A_PART] for start in range(0, len(changes), ENTRIES_A_PART)
    ] or [[]]
    payloads = [
        {
            "aud": aud,
            "version": version,
            "base": base,
            "part": number,
            "parts": len(slices),
            "put": [line for _, line in piece if line is not None],
            "del": [key[1] for key, line in piece if line is None],
        }
        for number, piece in enumerate(slices, 1)
    ]
    payloads[-1]["sha256"] = digest(new)
    if at is not None:
        for payload in payloads:
            payload["at"] = at
    return payloads
