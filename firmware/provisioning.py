"""The charger's identity: one small file that an installer writes and nobody else changes.

`identity` on the volume: CRC-32 in eight hex digits, a line end, then JSON with `charger`, `key`
(64 hex digits), `host`, `port`. The key never leaves it.
"""

import binascii
import json

PATH = "identity"


class NotProvisioned(Exception):
    """There is no identity that can be used; the text says why, without any of its values."""


class Identity:
    """charger: its id. key: the master key, 32 bytes. host, port: the broker."""

    def __init__(self, charger, key, host, port):
        self.charger = charger
        self.key = key
        self.host = host
        self.port = port


def check(members):
    """Return the `Identity` of a dict as in the file. Raises NotProvisioned naming the member."""
    charger = members.get("charger")
    if not isinstance(charger, str) or not 1 <= len(charger) <= 32:
        raise NotProvisioned("charger: must be 1 to 32 characters")
    for c in charger:
        if not ("a" <= c <= "z" or "A" <= c <= "Z" or "0" <= c <= "9" or c in "_-"):
            raise NotProvisioned("charger: only letters, digits, _ and -")
    try:
        key = binascii.unhexlify(members.get("key"))
    except (TypeError, ValueError):
        key = b""
    if len(key) != 32:
        raise NotProvisioned("key: must be 64 hex digits")
    host = members.get("host")
    if not isinstance(host, str) or not 1 <= len(host) <= 253:
        raise NotProvisioned("host: must be 1 to 253 characters")
    port = members.get("port")
    if type(port) is not int or not 1 <= port <= 65535:
        raise NotProvisioned("port: must be 1 to 65535")
    return Identity(charger, key, host, port)


def load(volume):
    """Return the `Identity` on the volume. Raises NotProvisioned."""
    try:
        data = volume.read(PATH)
    except OSError as exc:
        raise NotProvisioned("the volume cannot be read: %s" % exc)
    if data is None:
        raise NotProvisioned("there is no identity on the volume")
    try:
        head, body = data.split(b"\n", 1)
        if int(head, 16) != binascii.crc32(body):
            raise ValueError
        members = json.loads(body.decode())
    except (ValueError, RuntimeError):  # the latter: JSON nested without end
        raise NotProvisioned("the identity on the volume is damaged")
    if not isinstance(members, dict):
        raise NotProvisioned("the identity on the volume is damaged")
    return check(members)


def store(volume, members):
    """Write an identity that `check` accepts, unless the same is there. OSError from the volume."""
    identity = check(members)
    body = json.dumps(
        {
            "charger": identity.charger,
            "key": binascii.hexlify(identity.key).decode(),
            "host": identity.host,
            "port": identity.port,
        }
    ).encode()
    data = ("%08x\n" % binascii.crc32(body)).encode() + body
    if volume.read(PATH) != data:
        volume.write(PATH, data)


def identify(volume, commissioning):
    """Return the charger's `Identity`, from what an installer left with the board, else from the
    volume. Raises NotProvisioned.
    """
    if commissioning is None:
        return load(volume)
    identity = check(commissioning)
    try:
        store(volume, commissioning)
    except OSError as exc:
        print("identity: not kept: %s" % exc)
    return identity
