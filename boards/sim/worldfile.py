"""The world on disk: one small file that is whole after a kill at any instant.

Four slots, each a line `CRC-32 text`. Two hold the whole world as `generation JSON` and are written
in turn whenever something but time and energy changed; two hold `generation number now_ms
energy_uj` and are written in turn at every other step. The newest of each count.
"""

import binascii
import json

_SLOT = 2048
_SHORT = 128


class WorldFile:
    """`load` once, then `save` at every step."""

    def __init__(self, path):
        try:
            self._file = open(path, "r+b", 0)
        except OSError:
            self._file = open(path, "w+b", 0)
        self._generation = 0
        self._number = 0
        self._changes = -1

    def load(self):
        """Return the newest saved dict, None when there is none."""
        state = None
        for slot in (0, 1):
            text = self._read(slot * _SLOT, _SLOT)
            if text:
                generation, body = text.split(" ", 1)
                if int(generation) > self._generation:
                    self._generation = int(generation)
                    state = json.loads(body)
        for slot in (0, 1):
            text = self._read(2 * _SLOT + slot * _SHORT, _SHORT)
            if text:
                generation, number, now_ms, energy_uj = [int(part) for part in text.split(" ")]
                if generation == self._generation and number > self._number:
                    self._number = number
                    state["now_ms"] = now_ms
                    state["energy_uj"] = energy_uj
        return state

    def save(self, world):
        """Write what changed since the last `save`."""
        if world.changes != self._changes:
            self.save_whole(world)
            return
        self._number += 1
        text = "%d %d %d %d" % (self._generation, self._number, world.now_ms, world.energy_uj)
        self._write(2 * _SLOT + self._number % 2 * _SHORT, _SHORT, text)

    def save_whole(self, world):
        """Write everything, also what `world.changes` does not count."""
        self._changes = world.changes
        self._generation += 1
        self._number = 0
        text = "%d %s" % (self._generation, json.dumps(world.to_dict()))
        self._write(self._generation % 2 * _SLOT, _SLOT, text)

    def _write(self, at, size, text):
        line = "%08x %s\n" % (binascii.crc32(text.encode()), text)
        if len(line) > size:
            raise ValueError("the world takes %d bytes" % len(line))
        self._file.seek(at)
        self._file.write(line.encode())

    def _read(self, at, size):
        self._file.seek(at)
        line, _, _ = bytes(self._file.read(size)).partition(b"\n")
        check, _, text = line.partition(b" ")
        try:
            if int(check, 16) == binascii.crc32(text):
                return text.decode()
        except ValueError:
            pass
        return ""
