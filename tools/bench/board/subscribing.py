"""A subscriber list of any length, sent in parts as the service does."""

import binascii
import hashlib

from agent import jws

PART = 20  # entries: such a part stays below the 8 KiB of one message
UID = b"\x04\xa2\xb3\xc4\xd5\xe6\xf7"


def uid_of(n):
    """The n-th card of the list, 7 bytes."""
    return b"\x04\x00\x00\x00" + bytes((n >> 16 & 0xFF, n >> 8 & 0xFF, n & 0xFF))


def subscribe(stand, entries, version):
    """Send a whole new list of `entries` cards, the last of which is `UID`."""
    cards = [UID if n == entries - 1 else uid_of(n) for n in range(entries)]
    # each with its number behind its key, which is what a list is ordered by
    order = sorted([_key(stand, cards[n]) + n.to_bytes(2, "big") for n in range(entries)])
    parts = (entries + PART - 1) // PART
    digest = hashlib.sha256()
    for part in range(parts):
        put = []
        for one in order[part * PART : part * PART + PART]:
            n = int.from_bytes(one[12:], "big")
            put.append(_entry(cards[n], n, digest, one[:12]))
        message = {"version": version, "base": None, "part": part + 1, "parts": parts}
        message["put"] = put
        message["del"] = []
        if part == parts - 1:
            message["sha256"] = binascii.hexlify(digest.digest()).decode()
        stand.send("list", message)
    if stand.refused:
        raise RuntimeError(stand.refused)


def _key(stand, uid):
    return stand.keys.mac(jws.CARD, b"ISO14443|", uid)[:12]


def _entry(uid, n, digest, key):
    user = "u-%d" % n
    ref = binascii.hexlify(key).decode()
    digest.update(("%s|%s|c-1|g-1|active||ppm|uid\n" % (ref, user)).encode())
    return {
        "uid": binascii.hexlify(uid).decode().upper(),
        "type": "ISO14443",
        "user": user,
        "contract": "c-1",
        "group": "g-1",
        "status": "active",
        "until": None,
        "billing": "ppm",
    }
