"""PN532 on its high-speed UART: 115200 baud, 8N1. The transport to prefer: it cannot hang a bus.

The receive buffer of the UART should hold 160 bytes or more (`rxbuf=256`).
"""

SIZE = 160
_WAKE = b"\x55\x55" + b"\x00" * 14  # the zeros give the chip's oscillator its 1 ms


class Pn532Hsu:
    """uart: like machine.UART. What came stands in `buf` from its start."""

    packets = False  # bytes come by themselves, in any portions
    portion = 110  # bytes of a card's file asked for at once

    def __init__(self, uart):
        self.buf = bytearray(SIZE)
        self._view = memoryview(self.buf)
        self._uart = uart
        self._count = 0

    def wake(self):
        """Wake the chip; a command may follow at once."""
        self._uart.write(_WAKE)

    def send(self, frame):
        """Send `frame`, and forget everything that came before."""
        uart = self._uart
        self._count = 0
        for _ in range(2):
            if not uart.any():
                break
            uart.readinto(self._view)
        uart.write(frame)

    def fetch(self, size):
        """How many bytes stand in `buf`."""
        if self._count < SIZE and self._uart.any():
            self._count += self._uart.readinto(self._view[self._count :]) or 0
        return self._count

    def drop(self, count):
        """Forget the first `count` bytes."""
        left = max(0, self._count - count)
        for i in range(left):
            self.buf[i] = self.buf[count + i]
        self._count = left

    def bytes_of(self, out, into):
        """Bus bytes of sending `out` and fetching `into` bytes."""
        return out + into
