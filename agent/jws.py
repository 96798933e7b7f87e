"""JWS compact serialisation (RFC 7515) with HS256 (RFC 7518 section 3.2), and the charger's keys.

The bytes that were signed are the bytes that travel: nothing is parsed and re-made on the way.
"""

import binascii
import hashlib
import json

from .const import const
from .reasons import Refused

UP = "up"
DOWN = "down"
GRANT = "grant"
CARD = "card"
WRAP = "wrap"  # hides the next master key on its way

_BLOCK = const(64)  # SHA-256's block, FIPS 180-4 section 1
_INNER = int("36" * 64, 16)  # RFC 2104's ipad and opad, a block long
_OUTER = int("5c" * 64, 16)
_DOT = const(0x2E)
_CHUNK = const(384)  # a multiple of 3, so that the pieces of base64 join
_SIGNATURE = const(43)  # 32 bytes in base64url without padding
_MAX_HEADER = const(160)  # base64url characters: three short members fit in half of it


def hmac_sha256(key, *chunks):
    """HMAC-SHA256 (RFC 2104) over the chunks in order: 32 bytes."""
    return _mac(_pads(key), chunks)


def _pads(key):
    """The blocks that the inner and the outer hash of a key's HMAC begin with."""
    if len(key) > _BLOCK:
        key = hashlib.sha256(key).digest()
    # One number instead of 64 bytes: a loop over them takes longer than the hashes.
    number = int.from_bytes(key + b"\x00" * (_BLOCK - len(key)), "big")
    return (number ^ _INNER).to_bytes(_BLOCK, "big"), (number ^ _OUTER).to_bytes(_BLOCK, "big")


def _mac(pads, chunks):
    inner = hashlib.sha256(pads[0])
    for chunk in chunks:
        inner.update(chunk)
    outer = hashlib.sha256(pads[1])
    outer.update(inner.digest())
    return outer.digest()


def same(a, b):
    """Whether two byte strings are equal, in a time that depends on their length only."""
    if len(a) != len(b):
        return False
    difference = 0
    for i in range(len(a)):
        difference |= a[i] ^ b[i]
    return difference == 0


def encode_b64(data):
    """base64url without padding, as bytes."""
    text = binascii.b2a_base64(data).rstrip(b"\n=")
    return text.replace(b"+", b"-").replace(b"/", b"_")


def decode_b64(text):
    """The bytes of a base64url text without padding. ValueError when it is none."""
    text = bytes(text).replace(b"-", b"+").replace(b"_", b"/")
    return binascii.a2b_base64(text + b"=" * (-len(text) % 4))


class Keys:
    """The working keys of one master key generation.

    master: 32 bytes from installation. What is signed for one way is never accepted the other way:
    each use has its own key, HMAC-SHA256(master, label) (design section 4).
    """

    def __init__(self, master, generation=1):
        if len(master) != 32:
            raise ValueError("master_key: 32 bytes are needed, not %d" % len(master))
        self._keys = {}
        self._pads = {}  # made once: they cost as much as the hashes of a short message
        for use in (UP, DOWN, GRANT, CARD, WRAP):
            self._keys[use] = key = hmac_sha256(master, b"ppm/v1/" + use.encode())
            self._pads[use] = _pads(key)
        self.generation = generation

    def key(self, use):
        """The 32-byte key of one use: UP, DOWN, GRANT, CARD or WRAP."""
        return self._keys[use]

    def of(self, seq):
        """The keys that sign record `seq`: these, where there is one generation only."""
        return self

    def mac(self, use, *chunks):
        """HMAC-SHA256 over the chunks with the key of one use: 32 bytes."""
        return _mac(self._pads[use], chunks)

    def kid(self, use):
        """The key id on the wire, such as "up-1"."""
        return "%s-%d" % (use, self.generation)

    def sign(self, use, typ, payload):
        """A compact JWS of `payload` (bytes), as a bytearray. The same input gives the same bytes.

        The result is filled in place: a heap without long free runs has no room for copies of it.
        """
        header = '{"alg":"HS256","kid":"%s","typ":"%s"}' % (self.kid(use), typ)
        first = encode_b64(header.encode())
        signed = len(first) + 1 + (len(payload) * 4 + 2) // 3
        out = bytearray(signed + 1 + _SIGNATURE)
        at = len(first) + 1
        out[: at - 1] = first
        out[at - 1] = _DOT
        view = memoryview(payload)
        for start in range(0, len(payload), _CHUNK):
            text = encode_b64(view[start : start + _CHUNK])
            out[at : at + len(text)] = text
            at += len(text)
        out[signed] = _DOT
        out[signed + 1 :] = encode_b64(self.mac(use, memoryview(out)[:signed]))
        return out

    def verify(self, use, typ, token):
        """The payload of a compact JWS as a dict; Refused says why it is not obeyed."""
        first = token.find(b".")
        last = token.rfind(b".")
        if first <= 0 or last <= first or token.find(b".", first + 1) != last:
            raise Refused("malformed", "not three parts joined by dots")
        if first > _MAX_HEADER:
            raise Refused("malformed", "header: too long")
        header = _json_object(token[:first], "header")
        if header.get("alg") != "HS256":
            raise Refused("wrong_key", "alg: must be HS256")
        if header.get("kid") != self.kid(use):
            raise Refused("wrong_key", "kid: must be " + self.kid(use))
        if header.get("typ") != typ:
            raise Refused("wrong_type", "typ: must be " + typ)
        view = memoryview(token)
        expected = encode_b64(self.mac(use, view[:last]))
        if not same(expected, view[last + 1 :]):
            raise Refused("bad_signature")
        return _json_object(view[first + 1 : last], "payload")


def _json_object(part, name):
    try:
        value = json.loads(decode_b64(part).decode())
    except (ValueError, UnicodeError, RuntimeError):
        raise Refused("malformed", name + ": not base64url of UTF-8 JSON")
    if not isinstance(value, dict):
        raise Refused("malformed", name + ": not a JSON object")
    return value
