"""Working keys of a charger, derived from its master key (design section 4).

Each direction has its own key, so what is signed for one way is never accepted the other way. The
number in a key id is the generation of the master key.
"""

import hashlib
import hmac
import re

from tools.cloud.errors import CloudError

UP = "up"
DOWN = "down"
GRANT = "grant"
CARD = "card"

MASTER_BYTES = 32
_KID = re.compile(r"^(up|down|grant)-([1-9][0-9]{0,4})$")


def derive(master: bytes, use: str) -> bytes:
    """The 32-byte key of one use: HMAC-SHA256(master, "ppm/v1/<use>")."""
    return hmac.digest(master, b"ppm/v1/" + use.encode(), hashlib.sha256)


def kid(use: str, generation: int) -> str:
    """The key id on the wire, such as "up-1"."""
    return f"{use}-{generation}"


def parse_kid(text: object, use: str) -> int | None:
    """The generation named by a key id of `use`, or None when it is not one."""
    match = _KID.match(text) if isinstance(text, str) else None
    return int(match[2]) if match and match[1] == use else None


def parse_master(key_hex: str) -> bytes:
    """A master key as typed by a person: 64 hex digits."""
    try:
        key = bytes.fromhex(key_hex.strip())
    except ValueError:
        key = b""
    if len(key) != MASTER_BYTES:
        raise CloudError(
            "The master key must be 64 hex digits (32 bytes), the same that was put into the charger."
        )
    return key
