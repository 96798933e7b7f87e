"""Real messages kept as files, and the check that they are what the published schemas say.

A file is one payload, byte for byte as it travelled: <leaf>.<name>.json for a plain message,
<leaf>.<name>.jws for a signed one. A folder's key.txt holds the master key (64 hex digits) of the
simulated charger that took part, key-2.txt the one that followed it, and so on, so that signatures are
checked too.
"""

import re
from pathlib import Path

from tools.cloud import jws, keys, schemas
from tools.cloud.errors import Refused

PLAIN = ("status", "telemetry", "reply")
SIGNED = {
    "record": (keys.UP, jws.RECORD),
    "ask": (keys.UP, jws.ASK),
    "config": (keys.DOWN, jws.CONFIG),
    "list": (keys.DOWN, jws.LIST),
    "order": (keys.DOWN, jws.ORDER),
    "ack": (keys.DOWN, jws.ACK),
}
KEY_FILE = "key.txt"


def name_of(leaf: str, payload: bytes) -> str:
    """What a message is called among the examples: its kind, its order, its result."""
    message = jws.parse_object(payload) if leaf in PLAIN else jws.peek(payload)
    if leaf == "record":
        name = message["kind"]
    elif leaf == "order":
        name = message["do"]
    elif leaf == "reply":
        name = f"{message['for']}_{message['reason']}"
    elif leaf == "status":
        name = message.get("state", "offline")
    elif leaf == "list":
        name = "whole" if message["base"] is None else "difference"
    else:
        name = "example"
    return f"{leaf}.{re.sub('[^a-z0-9_]', '_', name)}.{'json' if leaf in PLAIN else 'jws'}"


def key_of(folder: Path | None, generation: int = 1) -> str:
    """The master key of the charger whose messages a folder holds, "" when it has none."""
    file = folder and folder / key_file(generation)
    return file.read_text().strip() if file and file.exists() else ""


def key_file(generation: int) -> str:
    """The name of the file that a generation of the key lies in."""
    return KEY_FILE if generation == 1 else f"key-{generation}.txt"


def keep_key(folder: Path, generation: int, master: bytes) -> None:
    """Keep a later key, unless the folder has messages of another run with theirs."""
    file = folder / key_file(generation)
    if not file.exists():
        file.write_text(master.hex() + "\n")


def save(folder: Path, leaf: str, payload: bytes) -> Path | None:
    """Keep a message if there is none of its name yet. Returns its file, or None."""
    path = folder / name_of(leaf, payload)
    if path.exists():
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(payload)
    return path


def problems(folder: Path) -> list[str]:
    """What is wrong with a folder's messages, one line each."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.suffix not in (".json", ".jws"):
            continue
        try:
            _check(path)
        except Refused as refused:
            found.append(f"{path.name}: {refused}")
    return found


def _check(path: Path) -> None:
    leaf, data = path.name.split(".", 1)[0], path.read_bytes()
    if leaf in PLAIN and path.suffix == ".json":
        message = jws.parse_object(data)
    elif leaf in SIGNED and path.suffix == ".jws":
        if not key_of(path.parent):
            raise Refused("wrong_key", f"{KEY_FILE} with the master key is missing")
        message = jws.verify(
            data, *SIGNED[leaf], lambda generation: bytes.fromhex(key_of(path.parent, generation))
        )
    else:
        raise Refused("malformed", "the file's name tells no topic, or the wrong kind of file")
    schemas.check(leaf, message)
