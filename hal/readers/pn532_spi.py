"""PN532 on SPI: mode 0, 5 MHz or less, the lowest bit first.

Not every port of MicroPython can send the lowest bit first, so the bits are turned round here, and the
SPI object is made with the highest bit first.
"""

SIZE = 160

_WRITE = b"\x80"  # 01, 02 and 03, turned round
_STATUS = b"\x40"
_READ = b"\xc0"
_NIBBLES = b"\x00\x08\x04\x0c\x02\x0a\x06\x0e\x01\x09\x05\x0d\x03\x0b\x07\x0f"


def turn_round(buf, size):
    """Reverse the bits of the first `size` bytes of `buf`, each in its place."""
    for i in range(size):
        byte = buf[i]
        buf[i] = _NIBBLES[byte & 15] << 4 | _NIBBLES[byte >> 4]


class Pn532Spi:
    """spi, select: like machine.SPI and machine.Pin. What came stands in `buf` from its start."""

    packets = True  # one frame a read; what is not fetched of it is gone
    portion = 110  # bytes of a card's file asked for at once

    def __init__(self, spi, select):
        self.buf = bytearray(SIZE)
        self._view = memoryview(self.buf)
        self._one = bytearray(1)
        self._spi = spi
        self._select = select

    def wake(self):
        """The chip wakes at its select line; it wants 1 ms, which the pause before the next turn gives."""
        self._select.value(0)
        self._select.value(1)

    def send(self, frame):
        """Send `frame`."""
        turned = bytearray(frame)
        turn_round(turned, len(turned))
        self._select.value(0)
        self._spi.write(_WRITE)
        self._spi.write(turned)
        self._select.value(1)

    def fetch(self, size):
        """Read `size` bytes of the frame that waits: how many stand in `buf`, 0 when none waits."""
        self._select.value(0)
        self._spi.write(_STATUS)
        self._spi.readinto(self._one)
        self._select.value(1)
        # 01 turned round; a line that is stuck high is no chip that is ready
        if self._one[0] != 0x80:
            return 0
        size = min(size, SIZE)
        self._select.value(0)
        self._spi.write(_READ)
        self._spi.readinto(self._view[:size])
        self._select.value(1)
        turn_round(self.buf, size)
        return size

    def drop(self, count):
        """Nothing is left behind a frame."""

    def bytes_of(self, out, into):
        """Bus bytes of sending `out` and fetching `into` bytes, with the prefixes and the status."""
        return out + into + 4
