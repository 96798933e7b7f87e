"""Secure unique NFC of an NTAG 424 DNA (NXP AN12196): a card proves with a URL that it is no copy.

    e  PICCData under the meta key, AES-CBC from zeros: tag C7 | UID 7 | read counter 3 | random 5
    c  the odd bytes of CMAC(session key, nothing), session key = CMAC(file key, SV2)
       SV2 = 3CC3 0001 0080 | UID 7 | read counter 3, low byte first

The counter rises with every read, so that a URL that was listened to is worth nothing: who verifies
keeps the highest one of each card (suncounters.py).
"""

import binascii

from . import aes
from .jws import hmac_sha256, same

_TAG = 0xC7  # UID mirrored, counter mirrored, the UID has 7 bytes
_SV2 = b"\x3c\xc3\x00\x01\x00\x80"


class Keys:
    """The keys of a site's cards, from its 32-byte secret; the service writes the same into the cards.

    meta key   first 16 bytes of HMAC-SHA256(secret, "ppm/v1/sun/meta"): one for all cards, since it is
               what the UID is read with
    file key   first 16 bytes of HMAC-SHA256(secret, "ppm/v1/sun/file" | UID): one for each card
    """

    def __init__(self, secret):
        self._secret = secret
        self.meta = hmac_sha256(secret, b"ppm/v1/sun/meta")[:16]

    def file(self, uid):
        """The file key of a card: 16 bytes."""
        return hmac_sha256(self._secret, b"ppm/v1/sun/file" + uid)[:16]


class FactoryKeys:
    """The keys of cards as they leave the factory: zeros. They prove nothing; for tests and trials."""

    meta = bytes(16)

    def file(self, uid):
        return bytes(16)


def verify(url, keys, last_counter):
    """(reason, UID, counter) of a URL, or of its parameters alone: bytes. reason is "" when it is a proof.

    last_counter: called with the UID, the highest counter that was accepted of this card, -1 for none.
    Reasons: "malformed", "tag", "mac", "replay"; UID and counter are None unless it is a proof.
    """
    sealed = _parameter(url, b"e", 32)
    given = _parameter(url, b"c", 16)
    if sealed is None or given is None:
        return "malformed", None, None
    plain = aes.decrypt_cbc(keys.meta, sealed)
    if plain[0] != _TAG:
        return "tag", None, None
    uid = bytes(plain[1:8])
    session = aes.cmac(keys.file(uid), _SV2 + bytes(plain[1:11]))
    full = aes.cmac(session, b"")
    if not same(bytes([full[i] for i in range(1, 16, 2)]), given):
        return "mac", None, None
    counter = plain[8] | plain[9] << 8 | plain[10] << 16
    if counter <= last_counter(uid):
        return "replay", None, None
    return "", uid, counter


def _parameter(url, name, digits):
    """The bytes of a hexadecimal parameter; None unless it is there once, with `digits` digits."""
    found = None
    for part in bytes(url).split(b"?")[-1].split(b"&"):
        if part[: len(name) + 1] == name + b"=":
            if found is not None:
                return None
            found = part[len(name) + 1 :]
    if found is None or len(found) != digits:
        return None
    for digit in found:
        if digit not in b"0123456789abcdefABCDEF":
            return None
    return binascii.unhexlify(found)
