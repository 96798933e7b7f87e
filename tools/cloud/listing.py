"""A subscriber list as it travels: whole or as a difference, in the order of refs, in parts, with a hash."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping

ENTRIES_A_PART = 20
MEMBERS = ("uid", "type", "user", "contract", "group", "status", "until", "billing", "proof")
REF_BYTES = 12

Line = dict


def ref(key: bytes, line: Mapping) -> str:
    """What stands for a card in the charger's flash: 24 hex digits. key: the charger's card key."""
    uid = bytes.fromhex(line["uid"])
    return hmac.digest(key, line["type"].encode() + b"|" + uid, "sha256")[:REF_BYTES].hex()


def digest(key: bytes, lines: Iterable[Mapping]) -> str:
    """The published hash over a whole list, 64 hex digits."""
    return _digest({ref(key, line): line for line in lines})


def parts(
    aud: str,
    version: int,
    base: int | None,
    new: list[Line],
    old: list[Line] | None,
    key: bytes,
) -> list[dict]:
    """The payloads of one update, in sending order; the same arguments give the same payloads.

    old: the list of version `base` for a difference; None for a whole list (then base is None).
    key: the charger's card key. The entries to put and to delete are in the order of their refs,
    together, so that a charger can merge them into its file in one pass.
    """
    held = {ref(key, line): line for line in old or []}
    wanted = {ref(key, line): line for line in new}
    changes = [(one, line) for one, line in wanted.items() if held.get(one) != line]
    changes += [(one, None) for one in held if one not in wanted]
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
            "del": [one for one, line in piece if line is None],
        }
        for number, piece in enumerate(slices, 1)
    ]
    payloads[-1]["sha256"] = _digest(wanted)
    return payloads


def _digest(lines: Mapping[str, Mapping]) -> str:
    whole = hashlib.sha256()
    for one in sorted(lines):
        line = lines[one]
        until = "" if line["until"] is None else str(line["until"])
        fields = (one, line["user"], line["contract"], line["group"], line["status"])
        whole.update(("|".join((*fields, until, line["billing"], line["proof"])) + "\n").encode())
    return whole.hexdigest()
