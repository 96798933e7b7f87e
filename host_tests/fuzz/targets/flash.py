"""Damaged flash: what a charger that has lived finds in its volume at boot is changed, then it boots.

First line: which volume (a number). Then, a line each:

    PATH set AT HEX | flip AT BIT | cut SIZE | grow HEX | del | put HEX | copy OTHER | swap OTHER
    PATH fix          its checksums fit again, for content that is whole and wrong
    PATH sign TEXT    the configuration, signed
"""

import binascii
import struct

from agent import jws
from agent.subscribers import ENTRY_SIZE, FOOT_SIZE, HEAD_SIZE
from host_tests.fuzz.flashlife import volumes
from host_tests.fuzz.stand import MASTER, Stand, plain
from host_tests.fuzz.targets import Target
from host_tests.fuzz.targets.signed import ANNA

_HARMLESS = (
    "set",
    "flip",
    "cut",
    "grow",
    "del",
)  # what worn flash does; the others make content up


class Flash(Target):
    name = "flash"
    packages = ("agent", "firmware")
    shape = "lines"
    least = 100

    def __init__(self):
        self._volumes = volumes()
        paths = sorted({path for volume in self._volumes for path in volume.files})
        lines = []
        for path in paths:
            for words in ("del", "cut 3", "flip 0 0", "set 4 ffffffff", "grow 00", "fix"):
                lines.append(("%s %s" % (path, words)).encode())
        self.lines = tuple(lines)
        self.words = tuple(paths)

    def seeds(self):
        base = len(self._volumes)
        lines = [b"%d" % n for n in range(base)]
        for n in range(0, len(self.lines), 9):
            lines.append(b"%d\n" % (n % base) + self.lines[n])
        return lines

    def fresh_line(self, dice, line):
        if line.isdigit():
            return b"%d" % dice.randrange(len(self._volumes))
        path = dice.choice(self.words)
        word = dice.choice(
            ("set", "set", "set", "flip", "flip", "cut", "grow", "copy", "swap", "del")
        )
        data = dice.choice(self._volumes).files.get(path, b"")
        size = dice.choice((1, 1, 2, 4, 8))
        at = dice.randrange(len(data) + 1)
        number = dice.choice((0, 1, 2, 255, 2**31, -1, dice.getrandbits(64))) & (1 << 8 * size) - 1
        new = binascii.hexlify(number.to_bytes(size, "little")).decode()
        more = {
            "set": "%d %s" % (at, new),
            "flip": "%d %d" % (at, dice.randrange(8)),
            "cut": "%d" % at,
            "grow": new,
            "copy": dice.choice(self.words),
            "swap": dice.choice(self.words),
            "del": "",
        }
        made = ("%s %s %s" % (path, word, more[word])).encode()
        return made + b"\n" + path.encode() + b" fix" if dice.random() < 0.6 else made

    def run(self, case):
        lines = case.split(b"\n")
        number = int(lines[0]) if lines[0].isdigit() else 0
        base = self._volumes[number % len(self._volumes)]
        volume = base.copy()
        touched = set()
        invented = False
        for line in lines[1:]:
            words = plain(line).split(" ")
            if len(words) > 1 and words[0] and ".." not in words[0]:
                change(volume, words[0], words[1], words[2:])
                touched.add(words[0])
                invented = invented or words[1] not in _HARMLESS or words[0] not in base.files
        whole = {} if invented else _frames(base, touched)
        stand = _Stand(volume)
        self._check(stand, whole)
        for line in (b"card ISO14443 " + ANNA.encode(), b"plug", b"run 60", b"unplug", b"run 60"):
            stand.line(line)
        state = stand.charger.connector.state
        stand.boot()
        self._check(stand, whole)
        return [state, stand.seen]

    def _check(self, stand, whole):
        journal = stand.house.ledger.journal
        for number in whole:
            assert journal.read(number) == whole[number], "law 6: record %d is lost" % number


class _Stand(Stand):
    """A stand whose charger may be in any state that damage leads to."""

    seen = ""

    def receive(self, leaf, payload):
        super().receive(leaf, payload)
        if leaf == "status":
            self.seen = payload[payload.find(b'"faults"') :].decode()


def change(volume, path, word, args):
    """Change a file as a line says; what cannot be done is left."""
    files = volume.files
    data = files.get(path, bytearray())
    try:
        if word == "set":
            at, new = int(args[0]), binascii.unhexlify(args[1])
            if at < len(data):
                data[at : at + len(new)] = new
        elif word == "flip":
            data[int(args[0]) % len(data)] ^= 1 << int(args[1]) % 8
        elif word == "cut":
            files[path] = data[: int(args[0])]
        elif word == "grow":
            data.extend(binascii.unhexlify(args[0]))
        elif word == "del":
            files.pop(path, None)
        elif word == "put":
            files[path] = bytearray(binascii.unhexlify(args[0]))
        elif word == "copy":
            files[path] = bytearray(files.get(args[0], b""))
        elif word == "swap":
            files[path], files[args[0]] = files[args[0]], data
        elif word == "fix":
            fix(path, data)
        elif word == "sign":
            token = jws.Keys(MASTER).sign("down", "config+jws", " ".join(args).encode())
            files[path] = bytearray(token)
    except (ValueError, IndexError, KeyError, ZeroDivisionError, OverflowError):
        pass


def fix(path, data):
    """Make the checksums of a file fit, by what docs/flash.md says of it."""
    if path.startswith("journal/"):
        at = 0
        while at + 6 <= len(data):
            size = struct.unpack_from("<H", data, at)[0]
            frame = bytes(data[at + 6 : at + 6 + size])
            struct.pack_into("<I", data, at + 2, _crc(frame))
            at += 6 + size
    elif path.split(".")[0] == "list":
        begin, end = (0, -FOOT_SIZE) if "over" in path else (HEAD_SIZE, 0)
        sealed = [(begin + at, ENTRY_SIZE) for at in range(0, len(data) - begin + end, ENTRY_SIZE)]
        sealed.append((len(data) - FOOT_SIZE, FOOT_SIZE) if end else (0, HEAD_SIZE))
        for at, size in sealed:
            if 0 <= at <= len(data) - size:
                crc = _crc(bytes(data[at : at + size - 4]))
                struct.pack_into("<I", data, at + size - 4, crc)
    elif len(data) >= 4:
        struct.pack_into("<I", data, len(data) - 4, _crc(bytes(data[:-4])))


def _frames(volume, touched):
    """{number: data} of every whole frame in segments that were not touched."""
    found = {}
    for path in volume.files:
        if path in touched or not path.startswith("journal/"):
            continue
        data = bytes(volume.files[path])
        at, number = 0, int(path.split("/")[-1], 16)
        while at + 6 <= len(data):
            size, crc = struct.unpack_from("<HI", data, at)
            frame = data[at + 6 : at + 6 + size]
            if _crc(frame) == crc:
                found[number] = frame
            at, number = at + 6 + size, number + 1
    return found


def _crc(data):
    return binascii.crc32(data) & 0xFFFFFFFF


make = Flash
