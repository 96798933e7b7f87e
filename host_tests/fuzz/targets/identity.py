"""The file that says who the charger is: damaged, or whole with anything in it.

raw bytes        the file
crc bytes        the file behind a checksum that fits
"""

import binascii
import json

from firmware.provisioning import PATH, NotProvisioned, check, load, store
from hal.mock.volume import MemoryVolume
from host_tests.fuzz.targets import Target

KEY = "00112233445566778899aabbccddeeff" * 2
GOOD = {"charger": "CH-1", "key": KEY, "host": "192.0.2.1", "port": 8883}


class Identity(Target):
    name = "identity"
    shape = "lines"
    words = ("charger", "key", "host", "port", KEY)
    lines = (b"crc " + json.dumps(GOOD).encode(),)

    def seeds(self):
        good = json.dumps(GOOD).encode()
        return [
            b"crc " + good,
            b"raw %08x\n" % binascii.crc32(good) + good,
            b"raw ",
            b"crc []",
            b"crc " + b"[" * 3000,
            b"crc " + good.replace(b"8883", b"1" * 4400),
            b"crc " + good.replace(KEY.encode(), b"\xc3\xa9" * 32),
        ]

    def run(self, case):
        body = case[4:]
        if case.startswith(b"crc "):
            body = b"%08x\n" % binascii.crc32(body) + body
        volume = MemoryVolume()
        volume.files[PATH] = bytearray(body)
        try:
            found = load(volume)
        except NotProvisioned as why:
            assert volume.read(PATH) == (bytes(body) or None), "law 8: it changed the file"
            text = str(why)
            assert text and KEY not in text, text
            return [text.split(":")[0]]
        members = {
            "charger": found.charger,
            "key": binascii.hexlify(found.key).decode(),
            "host": found.host,
            "port": found.port,
        }
        check(members)
        store(volume, members)
        again = load(volume)
        assert (again.charger, again.key, again.host, again.port) == (
            found.charger,
            found.key,
            found.host,
            found.port,
        )
        return ["taken"]


make = Identity
