"""The messages of a long list and of a difference to it, signed, for a board that could not hold them."""

import hashlib
import json

from agent import jws
from tools.bench.board.subscribing import PART, UID, uid_of

CHARGER = "CH-1"
MASTER = bytes(range(32))
ENTRIES = 10_000
CHANGED = 100
FIRST_VERSION = 2  # the bench has commissioned its charger with version 1


def write(path):
    """Write both updates to a file: messages of u16 length and that many bytes."""
    keys = jws.Keys(MASTER)
    before = {_key(keys, uid): _put(uid, n) for n, uid in enumerate(_cards())}
    changed = {key: before[key] | {"contract": "c-2"} for key in sorted(before)[::100][:CHANGED]}
    with path.open("wb") as file:
        for version, puts, whole in (
            (FIRST_VERSION, before, before),
            (FIRST_VERSION + 1, changed, before | changed),
        ):
            base = None if version == FIRST_VERSION else version - 1
            for message in _messages(version, base, puts, whole):
                text = json.dumps(message, separators=(",", ":")).encode()
                token = keys.sign(jws.DOWN, "list+jws", text)
                file.write(len(token).to_bytes(2, "little") + token)


def _cards():
    yield from (uid_of(n) for n in range(ENTRIES - 1))
    yield UID


def _messages(version, base, puts, whole):
    order = sorted(puts)
    parts = -(-len(order) // PART)
    for part in range(parts):
        message = {"aud": CHARGER, "version": version, "base": base}
        message |= {"part": part + 1, "parts": parts, "del": []}
        message["put"] = [puts[key] for key in order[part * PART : part * PART + PART]]
        if part + 1 == parts:
            message["sha256"] = _digest(whole)
        yield message


def _digest(puts):
    digest = hashlib.sha256()
    for key in sorted(puts):
        put = puts[key]
        words = (key.hex(), put["user"], put["contract"], put["group"], "active", "", "ppm", "uid")
        digest.update(("|".join(words) + "\n").encode())
    return digest.hexdigest()


def _key(keys, uid):
    return keys.mac(jws.CARD, b"ISO14443|", uid)[:12]


def _put(uid, n):
    return {
        "uid": uid.hex().upper(),
        "type": "ISO14443",
        "user": f"u-{n}",
        "contract": "c-1",
        "group": "g-1",
        "status": "active",
        "until": None,
        "billing": "ppm",
    }
