"""The journal: frames in append-only segment files, numbered without a gap.

    frame:    size u16 | crc32 u32 (over what follows) | data, whose first 4 bytes are its number
    segment:  file journal/<number of its first frame, 8 hex digits>, frames one after the other;
              journal/full/<the same> once it is full and `tidy` has put it away

The newest segment is the only one that grows, and nearly alone in its folder: LittleFS packs a folder's block
every some thirty appends, which costs flash reads by the square of the files in it. A torn tail (a cut in the middle of an append) is cut
off at boot: what it held was never promised to anybody. A frame that flash has damaged keeps its number. A segment is only removed as a whole, only
below a limit the caller gives, and never the newest, which keeps the numbering alive.
"""

import binascii
import struct

from .const import const

_FOLDER = "journal"
_FULL = "journal/full"
_HEAD = "<HI"
_HEAD_SIZE = const(6)
SEGMENT_BYTES = const(4000)  # a little under one flash block
LONGEST = const(3500)
_MOST_FRAMES = const(400)  # more than fit in a segment


class Journal:
    """Frames on a volume. `last` is the last number used, `newest` that of the newest frame held.

    floor: a number known to have been used; numbering never starts below it, whatever was lost. Then the
    two differ, and nothing lies between them.
    """

    def __init__(self, volume, floor=0):
        self._volume = volume
        self._floor = floor
        self._firsts = []
        self._loose = []  # those of them that lie in journal/
        self.last = floor
        self.newest = 0
        self._tail_bytes = 0
        self._cursor = (0, 0, 0)  # segment index, offset, number of the frame there
        self._torn = False
        self._recover()

    @property
    def first(self):
        """The oldest number still held; last + 1 when the journal is empty."""
        return self._firsts[0] if self._firsts else self.last + 1

    def append(self, data):
        """Store one frame whose first 4 bytes are `last` + 1, little-endian. Durable on return.

        Raises OSError when the volume does: then nothing was stored, or a torn tail that the next
        append or boot cuts off. ValueError for a frame longer than LONGEST.
        """
        if len(data) > LONGEST:
            raise ValueError("frame: %d bytes, %d fit" % (len(data), LONGEST))
        if self._torn:
            self._recover()
        number = self.last + 1
        size = _HEAD_SIZE + len(data)
        fresh = not self._firsts or self._tail_bytes + size > SEGMENT_BYTES
        path = "%s/%08x" % (_FOLDER, number) if fresh else self._path(self._firsts[-1])
        frame = struct.pack(_HEAD, len(data), binascii.crc32(data) & 0xFFFFFFFF) + data
        try:
            self._volume.append(path, frame)
        except OSError:
            self._torn = True
            raise
        if fresh:
            self._firsts.append(number)
            self._loose.append(number)
            self._tail_bytes = 0
        self._tail_bytes += size
        self.last = self.newest = number

    def read(self, number):
        """The data of one frame, or None when it is not held or damaged. OSError from the volume."""
        if not self.first <= number <= self.last:
            return None
        index = self._segment_of(number)
        offset, at = 0, self._firsts[index]
        if self._cursor[0] == index and self._cursor[2] <= number and self._cursor[2] >= at:
            _, offset, at = self._cursor
        head = bytearray(_HEAD_SIZE)
        with self._volume.open(self._path(self._firsts[index])) as file:
            while True:
                file.seek(offset)
                if file.readinto(head) != _HEAD_SIZE:
                    return None
                size, crc = struct.unpack(_HEAD, head)
                if at == number:
                    break
                offset += _HEAD_SIZE + size
                at += 1
            data = file.read(size)
        self._cursor = (index, offset, at)
        if len(data) != size or binascii.crc32(data) & 0xFFFFFFFF != crc:
            return None
        return data

    def numbers(self, start):
        """The numbers from `start` on that may be held, rising. What was lost between two segments can be
        any count of numbers: it is passed over."""
        for index, first in enumerate(self._firsts):
            last = self.newest
            if index + 1 < len(self._firsts):
                last = min(self._firsts[index + 1] - 1, first + _MOST_FRAMES)
            for number in range(max(start, first), last + 1):
                yield number

    def drop_oldest(self, below):
        """Remove the oldest segment if all its numbers are below `below` and it is not the newest.

        Returns True when one was removed.
        """
        if len(self._firsts) < 2 or self._firsts[1] > below:
            return False
        self._lose(0)
        self._cursor = (0, 0, 0)
        return True

    def tidy(self):
        """Put the oldest segment that is full with the others. True when one was. OSError from the volume."""
        if not self._loose or self._loose[0] == self._firsts[-1]:
            return False
        first = self._loose[0]
        self._volume.rename(self._path(first), "%s/%08x" % (_FULL, first))
        self._loose.pop(0)
        return True

    def _path(self, first):
        return "%s/%08x" % (_FOLDER if first in self._loose else _FULL, first)

    def _lose(self, index):
        first = self._firsts[index]
        self._volume.remove(self._path(first))
        self._firsts.pop(index)
        if first in self._loose:
            self._loose.remove(first)

    def _segment_of(self, number):
        low, high = 0, len(self._firsts) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self._firsts[middle] <= number:
                low = middle
            else:
                high = middle - 1
        return low

    def _recover(self):
        """Find the newest frame, and cut off what a power cut has left behind it."""
        self._loose = _numbers(self._volume.names(_FOLDER))
        self._firsts = sorted(set(_numbers(self._volume.names(_FULL)) + self._loose))
        self._torn = False
        self.last = self._floor
        self.newest = 0
        self._tail_bytes = SEGMENT_BYTES  # what comes next begins a segment
        while self._firsts:
            first = self._firsts[-1]
            path = self._path(first)
            data = self._volume.read(path) or b""
            good, count = _walk(data, first)
            if len(data) - good > LONGEST + _HEAD_SIZE:
                # More than one append can leave: flash has failed. Nothing is thrown away.
                self._volume.write("damaged/%08x" % first, data)
            if count:
                if good < len(data):
                    self._volume.write(path, data[:good])
                self.newest = first + count - 1
                if self.newest >= self._floor:
                    self.last = self.newest
                    self._tail_bytes = good
                return
            self._lose(-1)


def _numbers(names):
    return [int(name, 16) for name in names if _is_segment(name)]


def _is_segment(name):
    return len(name) == 8 and all(digit in "0123456789abcdef" for digit in name)


def _walk(data, number):
    """(bytes, frames) from the beginning to the newest good frame. A damaged frame is stepped over where
    a good one with the next number follows: its own number stays used."""
    at = good = count = seen = 0
    while at + _HEAD_SIZE < len(data):
        size, crc = struct.unpack_from(_HEAD, data, at)
        frame = memoryview(data)[at + _HEAD_SIZE : at + _HEAD_SIZE + size]
        if len(frame) != size or size < 4:
            break
        at += _HEAD_SIZE + size
        seen += 1
        if struct.unpack_from("<I", frame)[0] == number + seen - 1:
            if binascii.crc32(frame) & 0xFFFFFFFF == crc:
                good, count = at, seen
    return good, count
