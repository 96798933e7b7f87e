"""The subscriber list in flash: entries of a fixed size in the order of their keys, found in a few reads.

    file list        head, then entries: the base
    file list.over   entries, then foot: what changes that base; absent when nothing does
    head   magic "PPM2" | version u32 | mark u32 | crc32 u32 of what is before it
    entry  key 12 | status u8 | billing u8 | proof u8 | spare u8 | until u32
           user 24 | contract 24 | group 24 | crc32 u32
    foot   magic "PPO2" | version u32 | count u32 | the base's crc32 u32 | its count u32 | crc32 u32

A key is the first 12 bytes of HMAC-SHA256(card key, type "|" UID): whoever reads the flash learns no
UID, and an entry's place tells nothing of its card. `mark` says by which card key they were made.
The overlay's entries win over the base's; status GONE there takes one away. version and count of the
foot are those of both together. An overlay that names another base is one that a cut has left: it
counts for nothing.
"""

import binascii
import struct
from array import array

from .const import const

PATH = "list"
OVER = "list.over"
TYPES = ("ISO14443", "ISO15693")
STATUSES = ("active", "pending", "blocked", "expired")
BILLINGS = ("ppm", "free", "none")
PROOFS = ("uid", "sun")  # what the card must show: its UID, or that it is the one (NTAG 424 DNA)
GONE = const(255)

_MAGIC = b"PPM2"
_HEAD = "<4sIII"
HEAD_SIZE = const(16)
_FOOT_MAGIC = b"PPO2"
_FOOT = "<4sIIIII"
FOOT_SIZE = const(24)
_ENTRY = "<12sBBBBI24s24s24sI"
ENTRY_SIZE = const(96)
_CRC_AT = const(92)
STATUS_AT = const(12)
KEY_SIZE = const(12)
assert struct.calcsize(_HEAD) == HEAD_SIZE and struct.calcsize(_FOOT) == FOOT_SIZE
assert struct.calcsize(_ENTRY) == ENTRY_SIZE

_FENCES = ((64, 128), (32, 16))  # of base and overlay: most fences, least entries between two


class Entry:
    """One person's card: key, status, billing ("none": known, without pay per month), proof, until_s (Unix
    second or None), user, contract, group.
    """

    def __init__(self, data):
        """data: the 96 bytes of an entry that is whole."""
        self.key, status, billing, proof, _, until_s, user, contract, group, _ = struct.unpack(
            _ENTRY, data
        )
        self.status = STATUSES[status]
        self.billing = BILLINGS[billing]
        self.proof = PROOFS[proof]
        self.until_s = until_s or None
        self.user = _text(user)
        self.contract = _text(contract)
        self.group = _text(group)


def ref_of(key):
    """The 16 hex digits that stand for a card (its 12-byte key) outside flash."""
    return binascii.hexlify(key[:8]).decode()


def line_of(data):
    """The line of an entry (96 bytes) that the list's hash is taken over, as bytes."""
    key, status, billing, proof, _, until_s, user, contract, group, _ = struct.unpack(_ENTRY, data)
    head = (binascii.hexlify(key), user.rstrip(b"\x00"), contract.rstrip(b"\x00"))
    until = str(until_s) if until_s else ""
    tail = "|%s|%s|%s|%s\n" % (STATUSES[status], until, BILLINGS[billing], PROOFS[proof])
    return b"|".join(head + (group.rstrip(b"\x00"),)) + tail.encode()


def pack_entry(key, status, billing, proof, until_s, user, contract, group):
    """The 96 bytes of an entry; references must be ASCII of at most 24 characters."""
    return _sealed(
        struct.pack(
            _ENTRY,
            key,
            STATUSES.index(status),
            BILLINGS.index(billing),
            PROOFS.index(proof),
            0,
            until_s or 0,
            user.encode(),
            contract.encode(),
            group.encode(),
            0,
        )[:_CRC_AT]
    )


def pack_gone(key):
    """The 96 bytes that take an entry away."""
    return _sealed(struct.pack(_ENTRY, key, GONE, 0, 0, 0, 0, b"", b"", b"", 0)[:_CRC_AT])


def pack_head(version, mark):
    """The 16 bytes before the entries of a base. mark: u32."""
    return _sealed(struct.pack("<4sII", _MAGIC, version, mark))


def pack_foot(version, count, base_crc, base_count):
    """The 24 bytes behind the entries of an overlay."""
    return _sealed(struct.pack("<4sIIII", _FOOT_MAGIC, version, count, base_crc, base_count))


def read_entry(file, data):
    """Read the next entry of a file into `data` (96 bytes). ValueError when it is damaged."""
    if file.readinto(data) != ENTRY_SIZE:
        raise ValueError("entry: cut short")
    crc = binascii.crc32(memoryview(data)[:_CRC_AT]) & 0xFFFFFFFF
    if crc != struct.unpack_from("<I", data, _CRC_AT)[0]:
        raise ValueError("entry: damaged")


class Run:
    """A file's entries in the order of their keys, `count` of them.

    A few keys, evenly spread (`fences`), are kept in RAM; between two of them a place is guessed, since
    keys are as good as random, and where the guesses do badly the range is halved. The file stays open
    until `close`: opening it costs more flash reads than all of the rest.
    """

    def __init__(self, volume, path):
        self._volume = volume
        self._path = path
        self._file = volume.open(path)
        self.count = 0

    def fill(self, at, data):
        """Fill `data` from byte `at` of the file on."""
        self._file.seek(at)
        if self._file.readinto(data) != len(data):
            raise ValueError("list: cut short")

    def use(self, skip, count, fences, data):
        """There are `count` entries from byte `skip` on: look at the fences, with `data` (96 bytes) to
        read them into. ValueError: damaged.
        """
        most, least = fences
        self._skip = skip
        self.count = count
        self._step = step = max(least, (count + most - 1) // most)
        self._fences = array("I", bytes(4 * ((count + step - 1) // step)))
        for i in range(len(self._fences)):
            self._file.seek(skip + i * step * ENTRY_SIZE)
            read_entry(self._file, data)
            self._fences[i] = _prefix(data)

    def close(self):
        """Let the file go: it is to be replaced. A look-up would open it again."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def read(self, place, data):
        """Read the entry at a place 0..count-1 into `data`. ValueError: damaged."""
        if self._file is None:
            self._file = self._volume.open(self._path)
        self._file.seek(self._skip + place * ENTRY_SIZE)
        read_entry(self._file, data)

    def find(self, key, data):
        """Read the entry with this key into `data`; whether there is one. ValueError: damaged."""
        if not self.count:
            return False
        if self._file is None:
            self._file = self._volume.open(self._path)
        file = self._file
        prefix = _prefix(key)
        fences, step = self._fences, self._step
        above, end = 0, len(fences)
        while above < end:
            middle = (above + end) // 2
            if fences[middle] < prefix:
                above = middle + 1
            else:
                end = middle
        below = above - 1  # these two are certainly on either side
        while above < len(fences) and fences[above] == prefix:
            above += 1
        low = below * step + 1 if below >= 0 else 0
        high = above * step if above < len(fences) else self.count
        low_prefix = fences[below] if below >= 0 else 0
        high_prefix = fences[above] if above < len(fences) else 0x1000000
        first = (below + 1) * step if above > below + 1 else -1  # a fence that may be the entry
        spare = 1  # guesses that may cost more than halving would
        while low < high:
            width = high - low
            if first >= 0:
                at, first, spare = first, -1, 0
            elif spare > 0:
                at = low + (prefix - low_prefix) * width // (high_prefix - low_prefix + 1)
                at = min(at, high - 1)
            else:
                at = (low + high) // 2
            file.seek(self._skip + at * ENTRY_SIZE)
            read_entry(file, data)
            found = bytes(memoryview(data)[:KEY_SIZE])
            if found == key:
                return True
            if found < key:
                low, low_prefix = at + 1, _prefix(found)
            else:
                high, high_prefix = at, _prefix(found)
            spare += _halvings(width) - _halvings(high - low) - 1
        return False


class Subscribers:
    """The list in force. `version` and `count` are 0 without one; `readable` tells damage from absence.

    base, over: its Runs, None where there is none; base_crc: by which an overlay names its base;
    stale_over: whether an overlay of another base lies there.
    mark: u32 of the card key that keys are made with; a list of another one cannot be read.
    """

    def __init__(self, volume, mark):
        self._volume = volume
        self._entry = bytearray(ENTRY_SIZE)
        self.mark = mark
        self.base = self.over = None
        self.load()

    def load(self):
        """Look at the list in flash; OSError where the volume gives one."""
        self._forget()
        self.readable = True
        try:
            self._load()
        except ValueError:
            self._forget()
            self.readable = False

    def find(self, key):
        """The Entry of a card (its 12-byte key), or None."""
        data = self._entry
        try:
            for run in (self.over, self.base):
                if run is not None and run.find(key, data):
                    return None if data[STATUS_AT] == GONE else Entry(data)
        except (ValueError, IndexError):
            # Nobody is billed on a damaged entry; without a list the service sends it anew.
            self._forget()
            self.readable = False
        return None

    @property
    def places(self):
        """How many places `at` knows: the entries of both files."""
        return sum([run.count for run in (self.over, self.base) if run is not None])

    def at(self, place):
        """The Entry at a place 0..places-1, None where the other file has taken it away or it is damaged."""
        data = self._entry
        over = self.over
        held = over.count if over is not None else 0
        try:
            if place < held:
                over.read(place, data)
                return None if data[STATUS_AT] == GONE else Entry(data)
            self.base.read(place - held, data)
            if over is not None and over.find(bytes(memoryview(data)[:KEY_SIZE]), data):
                return None
            self.base.read(place - held, data)
            return Entry(data)
        except (ValueError, IndexError):
            self._forget()
            self.readable = False
        return None

    def close(self):
        """Let the files go: they are to be replaced."""
        for run in (self.base, self.over):
            if run is not None:
                run.close()

    def _forget(self):
        self.close()
        self.version = self.count = self.base_crc = 0
        self.stale_over = False
        self.base = self.over = None

    def _load(self):
        size = self._volume.size(PATH)
        if size <= 0:
            return
        head = bytearray(HEAD_SIZE)
        self.base = Run(self._volume, PATH)
        self.base.fill(0, head)
        magic, version, mark, crc = struct.unpack(_HEAD, head)
        if magic != _MAGIC or mark != self.mark or not _is_sealed(head):
            raise ValueError("list: not of this charger")
        count = _whole(size - HEAD_SIZE)
        self.base_crc = crc
        self.base.use(HEAD_SIZE, count, _FENCES[0], self._entry)
        self.version, self.count = version, count
        self._load_over()

    def _load_over(self):
        size = self._volume.size(OVER)
        if size <= 0:
            return
        foot = bytearray(FOOT_SIZE)
        over = Run(self._volume, OVER)
        try:
            over.fill(max(0, size - FOOT_SIZE), foot)
            self._use_over(over, size, foot)
        finally:
            if self.over is not over:
                over.close()

    def _use_over(self, over, size, foot):
        magic, version, count, base_crc, base_count, _ = struct.unpack(_FOOT, foot)
        if magic != _FOOT_MAGIC or not _is_sealed(foot):
            raise ValueError("list.over: damaged")
        if base_crc != self.base_crc or base_count != self.base.count:
            self.stale_over = True
            return
        over.use(0, _whole(size - FOOT_SIZE), _FENCES[1], self._entry)
        self.over = over
        self.version, self.count = version, count


def _text(padded):
    return padded.rstrip(b"\x00").decode()


def _prefix(key):
    """The first three bytes of a key as a number: a board's small ints have 31 bits."""
    return key[0] << 16 | key[1] << 8 | key[2]


def _halvings(width):
    """How many reads halving needs at most to search `width` entries."""
    n = 0
    while width:
        width >>= 1
        n += 1
    return n


def _whole(size):
    if size < 0 or size % ENTRY_SIZE:
        raise ValueError("list: cut short")
    return size // ENTRY_SIZE


def _sealed(data):
    return data + struct.pack("<I", binascii.crc32(data) & 0xFFFFFFFF)


def _is_sealed(data):
    crc = binascii.crc32(memoryview(data)[:-4]) & 0xFFFFFFFF
    return crc == struct.unpack_from("<I", data, len(data) - 4)[0]
