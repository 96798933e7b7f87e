"""New master keys on their way to a charger."""

import binascii

from agent import jws

NEXT = bytes(range(100, 132))
THIRD = bytes(range(200, 232))
NONCE = bytes(range(16))


def hexed(data):
    return binascii.hexlify(data).decode()


def wrapped(old, new, generation, nonce=NONCE):
    """The members of an order `rotate`."""
    pad = jws.hmac_sha256(jws.hmac_sha256(old, b"ppm/v1/wrap"), nonce)
    return {
        "generation": generation,
        "nonce": hexed(nonce),
        "wrapped": hexed(bytes(a ^ b for a, b in zip(new, pad))),
        "check": hexed(jws.hmac_sha256(new, b"ppm/v1/check")[:8]),
    }
