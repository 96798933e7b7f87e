"""Compact JWS with HS256, written apart from the agent's: the oracle shares no code with it."""

import binascii
import hashlib
import json

try:
    import hmac

    def mac(key, data):
        """HMAC-SHA256 of bytes."""
        return hmac.digest(key, data, "sha256")

except ImportError:

    def mac(key, data):
        """HMAC-SHA256 of bytes, for keys of up to 64 bytes."""
        key = key + bytes(64 - len(key))
        inner = hashlib.sha256(bytes(b ^ 0x36 for b in key))
        inner.update(data)
        outer = hashlib.sha256(bytes(b ^ 0x5C for b in key))
        outer.update(inner.digest())
        return outer.digest()


def to_b64(data):
    """base64url without padding."""
    text = binascii.b2a_base64(data).strip().rstrip(b"=")
    return text.replace(b"+", b"-").replace(b"/", b"_")


def from_b64(text):
    """The bytes of base64url without padding."""
    text = text.replace(b"-", b"+").replace(b"_", b"/")
    return binascii.a2b_base64(text + b"=" * (-len(text) % 4))


class Signer:
    """One key of a charger's master key of some generation: use "up" or "down"."""

    def __init__(self, master, use, generation=1):
        self._key = mac(master, b"ppm/v1/" + use.encode())
        self._kid = "%s-%d" % (use, generation)

    def sign(self, typ, message):
        """The token of a JSON-able message."""
        head = '{"alg":"HS256","kid":"%s","typ":"%s"}' % (self._kid, typ)
        signed = to_b64(head.encode()) + b"." + to_b64(json.dumps(message).encode())
        return signed + b"." + to_b64(mac(self._key, signed))

    def opened(self, typ, token):
        """(payload bytes, message) of a token; ValueError when it is not what it should be."""
        head, payload, signature = token.split(b".")
        if to_b64(mac(self._key, head + b"." + payload)) != signature:
            raise ValueError("signature")
        header = json.loads(from_b64(head))
        if header != {"alg": "HS256", "kid": self._kid, "typ": typ}:
            raise ValueError("header %r" % header)
        payload = from_b64(payload)
        return payload, json.loads(payload)
