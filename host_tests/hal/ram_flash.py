"""A small NOR flash in RAM for VfsLfs2, with a power cut at any program or erase."""

_EIO = -5


class RamFlash:
    """16 blocks of 1024 bytes. `cut_at`: the operation (0 is the next) that is torn half way and
    fails, with all after it; -1 for none. Programming can only clear bits.
    """

    blocks = 16
    block_size = 1024

    def __init__(self, memory=None):
        self.memory = memory or bytearray(b"\xff" * (self.blocks * self.block_size))
        self.operations = 0
        self.cut_at = -1

    def readblocks(self, block, buf, offset=0):
        at = block * self.block_size + offset
        buf[:] = memoryview(self.memory)[at : at + len(buf)]
        return 0

    def writeblocks(self, block, buf, offset=None):
        if offset is None:
            if self._erase(block):
                return _EIO
            offset = 0
        part = self._part(len(buf))
        at = block * self.block_size + offset
        for i in range(part):
            self.memory[at + i] &= buf[i]
        return 0 if part == len(buf) else _EIO

    def ioctl(self, op, arg):
        if op == 4:
            return self.blocks
        if op == 5:
            return self.block_size
        if op == 6:
            return self._erase(arg)
        return 0

    def _erase(self, block):
        part = self._part(self.block_size)
        at = block * self.block_size
        for i in range(part):
            self.memory[at + i] = 0xFF
        return 0 if part == self.block_size else _EIO

    def _part(self, size):
        number = self.operations
        self.operations += 1
        if 0 <= self.cut_at <= number:
            return size // 2 if number == self.cut_at else 0
        return size
