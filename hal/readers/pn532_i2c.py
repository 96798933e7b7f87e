"""PN532 on I2C, 400 kHz, address 0x24. Every read begins with a status byte: 01 is ready.

The chip holds the clock low for up to 1 ms: give `machine.I2C` a `timeout` of 2000 us or more, but
not its own default of 50 ms, which a chip that hangs would take from the control task. A wrong
sequence can make it hold the clock for ever, so its reset line belongs on a pin.
"""

SIZE = 160
LEAST_HZ = 400000  # slower, a poll does not fit into its turn
_ADDRESS = 0x24


class Pn532I2c:
    """i2c: like machine.I2C. Its OSErrors go through. What came stands in `buf` from its start."""

    packets = True  # one frame a read; what is not fetched of it is gone
    portion = 80  # bytes of a card's file asked for at once: 3 ms at 400 kHz with all that is in the turn

    def __init__(self, i2c, address=_ADDRESS):
        self.buf = bytearray(SIZE)
        self._raw = memoryview(bytearray(SIZE + 1))
        self._i2c = i2c
        self._address = address

    def wake(self):
        """The chip wakes at its address."""

    def send(self, frame):
        """Send `frame`."""
        self._i2c.writeto(self._address, frame)

    def fetch(self, size):
        """Read `size` bytes of the frame that waits: how many stand in `buf`, 0 when none waits."""
        self._i2c.readfrom_into(self._address, self._raw[:1])
        if self._raw[0] != 1:
            return 0
        size = min(size, SIZE)
        raw = self._raw[: size + 1]
        self._i2c.readfrom_into(self._address, raw)
        if raw[0] != 1:
            return 0
        self.buf[:size] = raw[1:]
        return size

    def drop(self, count):
        """Nothing is left behind a frame."""

    def bytes_of(self, out, into):
        """Bus bytes of sending `out` and fetching `into` bytes: three addresses, two status bytes."""
        return out + into + 5
