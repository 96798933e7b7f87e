"""A NOR flash as a block device for LittleFS: it counts, obeys the physics, and fails as it is told.

Erasing sets every bit of a block; programming can only clear bits. The same object serves `VfsLfs2`
of MicroPython (extended block protocol) and littlefs-python. Its methods return a negative errno
and never raise: an exception would jump out of littlefs and leave it with a file open.
"""

from array import array

BLOCK_SIZE = 4096
CUT_MODES = ("before", "torn", "garbage", "after")

_EIO = -5
_EINVAL = -22
_ERASED = b"\xff" * 1024
_NOISE = 0x9E3779B1


class Flash:
    """blocks: how many; memory: a bytearray or writable memoryview of whole blocks to work in (an
    image), None for erased blocks in a bytearray of its own. per_block: count for each block too.

    Counters: reads, read_bytes, programs, programmed_bytes, erases; operations: programs and erases
    begun since it was made. reads_of, programs_of, erases_of: by block, None without per_block.

    Physics: a program that would set a cleared bit fails with EIO and is counted in `violations`,
    `violation` is (block, offset) of the last; with strict = False it clears what it can, silently,
    as a chip does.

    Faults: broken: while True every program and erase fails. dead: the power is off, everything
    fails. endurance: a block erased more often than this is worn out (None: never); its erase
    fails (worn = "fails") or succeeds and leaves bits cleared (worn = "dirty").
    """

    def __init__(self, blocks=256, memory=None, block_size=BLOCK_SIZE, per_block=True):
        if memory is None:
            memory = bytearray(blocks * block_size)
            for at in range(0, len(memory), len(_ERASED)):
                memory[at : at + len(_ERASED)] = _ERASED
        self._memory = memoryview(memory)
        self.block_size = block_size
        self.blocks = len(memory) // block_size
        self.reads = self.read_bytes = 0
        self.programs = self.programmed_bytes = self.erases = 0
        self.reads_of = self.programs_of = self.erases_of = None
        if per_block:
            self.reads_of = _zeros(self.blocks)
            self.programs_of = _zeros(self.blocks)
            self.erases_of = _zeros(self.blocks)
        self.operations = 0
        self.strict = True
        self.violations = 0
        self.violation = None
        self.broken = False
        self.dead = False
        self.endurance = None
        self.worn = "fails"
        self._cut_at = -1
        self._mode = "before"

    # ---- block device

    def readblocks(self, block, buf, offset=0):
        """Fill `buf` from `offset` in `block`. 0, or a negative errno."""
        if self.dead:
            return _EIO
        at = block * self.block_size + offset
        if not 0 <= at <= len(self._memory) - len(buf):
            return _EINVAL
        buf[:] = self._memory[at : at + len(buf)]
        self.reads += 1
        self.read_bytes += len(buf)
        if self.reads_of is not None:
            self.reads_of[block] += 1
        return 0

    def writeblocks(self, block, buf, offset=None):
        """Program `buf` at `offset` in `block`; without an offset erase before. 0, or an errno."""
        if offset is None:
            failed = self._erase(block)
            if failed:
                return failed
            offset = 0
        if self.dead or self.broken:
            return _EIO
        at = block * self.block_size + offset
        if not 0 <= at <= len(self._memory) - len(buf):
            return _EINVAL
        mode = self._begin("program", block)
        if mode:
            self._program_in_part(at, memoryview(buf), mode)
            return _EIO
        self.programs += 1
        self.programmed_bytes += len(buf)
        if self.programs_of is not None:
            self.programs_of[block] += 1
        return self._program(at, buf)

    def ioctl(self, op, arg):
        """4: count of blocks, 5: size of one, 6: erase block `arg`; others do nothing."""
        if op == 4:
            return self.blocks
        if op == 5:
            return self.block_size
        if op == 6:
            return self._erase(arg)
        return _EIO if self.dead else 0

    # ---- faults

    def cut_after(self, operations, mode="before"):
        """Let so many programs and erases pass, and cut the power in the next one.

        mode: "before" it; "torn": half of it is done; "garbage": a third, and what comes behind is
        marginal; "after" it, before anybody is told.
        """
        if mode not in CUT_MODES:
            raise ValueError("mode: one of " + ", ".join(CUT_MODES))
        self._cut_at = self.operations + operations
        self._mode = mode

    def revive(self):
        """The power is back, the content is what it is. What was mounted is mounted anew."""
        self._cut_at = -1
        self.dead = False

    def flip(self, block, offset, bit=0):
        """Turn one bit over."""
        self._memory[block * self.block_size + offset] ^= 1 << bit

    def flip_some(self, count, seed):
        """Turn `count` bits over, anywhere, the same ones for the same seed and size."""
        for _ in range(count):
            seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
            bit = (seed >> 4) % (len(self._memory) * 8)
            self._memory[bit >> 3] ^= 1 << (bit & 7)

    # ---- for whoever watches

    def image(self):
        """The content as bytes."""
        return bytes(self._memory)

    def load(self, image):
        """Make `image` (as long as the flash) the content."""
        self._memory[:] = image

    def is_blank(self):
        """Whether every byte is erased."""
        memory = self._memory
        for at in range(0, len(memory), len(_ERASED)):
            if memory[at : at + len(_ERASED)] != _ERASED:
                return False
        return True

    def reset_counters(self):
        """Start counting again; `operations` and the wear (`erases_of`) go on."""
        self.reads = self.read_bytes = 0
        self.programs = self.programmed_bytes = self.erases = 0

    # ---- inside

    def _begin(self, kind, block):
        """Count an operation ("program" or "erase"). Returns the mode when the power goes in it."""
        number = self.operations
        self.operations = number + 1
        if number != self._cut_at:
            return ""
        self.dead = True
        return self._mode

    def _program(self, at, buf):
        size = len(buf)
        cells = self._memory[at : at + size]
        if size <= len(_ERASED) and cells == _ERASED[:size]:
            cells[:] = buf
            return 0
        old = int.from_bytes(bytes(cells), "little")
        new = int.from_bytes(bytes(buf), "little")
        if self.strict and old & new != new:
            self.violations += 1
            self.violation = (at // self.block_size, at % self.block_size)
            return _EIO
        cells[:] = (old & new).to_bytes(size, "little")
        return 0

    def _program_in_part(self, at, buf, mode):
        size = len(buf)
        whole = {"before": 0, "torn": size // 2, "garbage": size // 3, "after": size}[mode]
        if whole:
            self._program(at, buf[:whole])
        if mode == "garbage":
            for i in range(
                whole, min(whole + 8, size)
            ):  # some of the bits that were to be cleared
                self._memory[at + i] &= buf[i] | (_NOISE >> i % 24 & 0xFF)

    def _erase(self, block):
        if self.dead or self.broken:
            return _EIO
        if not 0 <= block < self.blocks:
            return _EINVAL
        mode = self._begin("erase", block)
        start = block * self.block_size
        if mode:
            if mode == "garbage":  # some cells have come up, others not yet
                for at in range(start, start + self.block_size, 7):
                    self._memory[at] |= _NOISE >> at % 24 & 0xFF
            part = {"before": 0, "torn": 2, "garbage": 4, "after": 1}[mode]
            self._clear(start, self.block_size // part if part else 0)
            return _EIO
        self.erases += 1
        worn = False
        if self.erases_of is not None:
            self.erases_of[block] += 1
            worn = self.endurance is not None and self.erases_of[block] > self.endurance
        if worn and self.worn == "fails":
            return _EIO
        self._clear(start, self.block_size)
        if worn:
            for at in range(start, start + self.block_size, 64):
                self._memory[at] = 0x7E
        return 0

    def _clear(self, start, size):
        for at in range(start, start + size, len(_ERASED)):
            end = min(at + len(_ERASED), start + size)
            self._memory[at:end] = _ERASED[: end - at]


def _zeros(count):
    return array("I", bytes(4 * count))
