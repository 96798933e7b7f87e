"""A subscriber list of any length, sent in parts as the service does."""

import binascii
import hashlib

PART = 20  # entries: such a part stays below the 8 KiB of one message
UID = b"\x04\xa2\xb3\xc4\xd5\xe6\xf7"  # sorts behind all others


def uid_of(n):
    """The n-th card of the list, 7 bytes."""
    return b"\x04\x00\x00\x00" + bytes((n >> 16 & 0xFF, n >> 8 & 0xFF, n & 0xFF))


def subscribe(stand, entries, version):
    """Send a whole new list of `entries` cards, the last of which is `UID`."""
    parts = (entries + PART - 1) // PART
    digest = hashlib.sha256()
    for part in range(parts):
        put = []
        for n in range(part * PART, min(entries, part * PART + PART)):
            put.append(_entry(UID if n == entries - 1 else uid_of(n), n, digest))
        message = {"version": version, "base": None, "part": part + 1, "parts": parts}
        message["put"] = put
        message["del"] = []
        if part == parts - 1:
            message["sha256"] = binascii.hexlify(digest.digest()).decode()
        stand.send("list", message)
    if stand.refused:
        raise RuntimeError(stand.refused)


def _entry(uid, n, digest):
    text = binascii.hexlify(uid).decode().upper()
    user = "u-%d" % n
    digest.update(("ISO14443|%s|%s|c-1|g-1|active||ppm\n" % (text, user)).encode())
    return {
        "uid": text,
        "type": "ISO14443",
        "user": user,
        "contract": "c-1",
        "group": "g-1",
        "status": "active",
        "until": None,
        "billing": "ppm",
    }
