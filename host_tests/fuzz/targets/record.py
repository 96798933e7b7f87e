"""A record in flash whose checksum holds, with anything in it: told, passed over, or waited for.

first byte       which part is hostile: 0 the body, else head and body
the rest         the bytes
"""

import binascii
import json
import struct

from agent import jws
from agent.ledger import Ledger
from agent.packing import pack, unpack
from agent.timekeeping import Timekeeper
from hal.mock.volume import MemoryVolume
from host_tests.fuzz.targets import Target

HEAD = struct.pack("<IBBBBIQI", 1, 1, 1, 1, 2, 1, 60000, 1614556800)
KEYS = jws.Keys(bytes(range(32)))
SESSION_END = binascii.unhexlify(
    "071600050643482d312d31010703028003051034333736666535653063636162323233"
    "0484050504616e6e610605016307050008880907020a0503542d310b03010c07020d050853494d2d30303031"
    "0e8b0f03001003011101120801000280ddf08106130801c8010280ddf08106140801c8010280ddf081061503"
    "84071603840717070518038e071903f0061a031e1b03001c03001d09002a0000000000000000000000000002"
    "70030084030002830300840300018e0300840300028e0300840300031e0801f2cb37028ee4f081061f0801f2"
    "cb37028ee4f08106208e210600"
)


class Record(Target):
    name = "record"
    packages = ("agent",)
    words = tuple(range(12)) + (0x80, 0x93, 0x94)

    def seeds(self):
        bodies = (
            SESSION_END,
            pack((("from", None), ("to", -5), ("source", "sntp"), ("flags", ["outage", "x"]))),
            b"\x00",
            b"\x06\x01" * 700 + b"\x00",
            b"\x07\x01\x00" * 700 + b"\x00",
            b"\x03" + b"\xff" * 300 + b"\x01",
            b"\x09\x05\x07\x00\x00\x00\x00\x00\x00\x09",
        )
        return [b"\x00" + body for body in bodies] + [b"\x01" + HEAD + SESSION_END, b"\x01"]

    def run(self, case):
        body = case[1:3500]
        said = ["body"]
        try:
            value = unpack(body)
            said.append(type(value).__name__)
        except ValueError as error:
            said.append(str(error)[:14])
        data = HEAD + body if case[:1] in (b"", b"\x00") else body
        data = HEAD[:4] + data[4:]
        return said + self._told(data[:3500])

    def _told(self, data):
        volume = MemoryVolume()
        frame = struct.pack("<HI", len(data), binascii.crc32(data) & 0xFFFFFFFF) + data
        good = _frame(2)
        volume.files["journal/00000001"] = bytearray(frame + good)
        ledger = Ledger(volume, "CH-1", KEYS, Timekeeper(volume, 2, 0), 0)
        assert ledger.last == 2, "law 6: a good record behind it was lost"
        token = ledger.signed(1)
        said = "waits"
        if token is not None:
            said = json.loads(jws.decode_b64(bytes(token).split(b".")[1])).get("kind", "?")
            assert ledger.signed(1) == token, "law 5"
        behind = json.loads(jws.decode_b64(bytes(ledger.signed(2)).split(b".")[1]))
        assert behind["seq"] == 2 and behind["kind"] == "fault"
        return [said]


def _frame(number):
    data = struct.pack("<IBBBBIQI", number, 1, 1, 11, 2, 1, 61000, 1614556801)
    data += pack((("fault", "rcd"), ("on", True)))
    return struct.pack("<HI", len(data), binascii.crc32(data) & 0xFFFFFFFF) + data


make = Record
