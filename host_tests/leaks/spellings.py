"""Every way in which the number of a card, or a key, could stand in a text, and a search for all of them.

Hex in any case, with anything between the bytes; decimal bytes; one number; base64 wherever it begins (what
other bytes share is left out); raw bytes, and as the interpreters write them; and each of these backwards.
"""

import base64
import re

_BETWEEN = rb"[^0-9A-Za-z]{0,4}(?:u00|0?x)?"
_BETWEEN_NUMBERS = rb"[^0-9]{1,4}"
_LEAST_BASE64 = 5


def pattern(secret: bytes) -> re.Pattern:
    """What matches this secret (4 bytes or more) in bytes of any kind."""
    ways = []
    for data in (secret, secret[::-1]):
        ways.append(_BETWEEN.join(_either_case(byte) for byte in data))
        ways.append(_BETWEEN_NUMBERS.join(rb"%d" % byte for byte in data))
        ways.append(rb"%d" % int.from_bytes(data, "big"))
        ways += [re.escape(text) for text in (data, repr(data)[2:-1].encode())]
        ways.append(re.escape(data.decode("latin-1").encode()))
        ways += [re.escape(text) for text in _base64(data)]
    # digits of a longer number around it are another number
    return re.compile(b"|".join(b"(?:" + way + b")" for way in ways), re.DOTALL)


def found(secrets: dict[str, bytes], data: bytes) -> list[str]:
    """The names of the secrets that stand in some bytes, each with what was found."""
    told = []
    for name, secret in secrets.items():
        match = pattern(secret).search(data)
        if match:
            around = data[max(0, match.start() - 60) : match.end() + 60]
            told.append("%s as %r in ...%r..." % (name, match[0], around))
    return told


def _either_case(byte: int) -> bytes:
    return b"".join(
        b"[%c%c]" % (sign, sign ^ 32) if sign > 57 else b"%c" % sign for sign in b"%02x" % byte
    )


def _base64(data: bytes) -> list[bytes]:
    """What is the same in the base64 of any text around these bytes, in both alphabets."""
    texts = []
    for before in range(3):
        text = base64.b64encode(bytes(before) + data).rstrip(b"=")
        start = (before * 8 + 5) // 6
        end = (before + len(data)) * 8 // 6
        core = text[start:end]
        if len(core) >= _LEAST_BASE64:
            texts += [core, core.replace(b"+", b"-").replace(b"/", b"_")]
    return texts
