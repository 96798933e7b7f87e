"""Buses in the air: UART, SPI, I2C and pins with the methods of `machine`, and a chip at the other end.

A driver cannot tell them from `machine.UART` and the rest: the same methods, the same return values,
bytes that take their time on the wire. They are as faulty as they are told to be. Time is the world's
(`now_ms()`), so a year of bus traffic takes as long as its bytes take to compute.
"""


class Lines:
    """Faults of one bus, switched on by a test; every bus below has one as `lines`.

    flip_every: every n-th byte towards the driver has bit `flip_bit` inverted (0: none).
    drop_every: every n-th byte towards the driver is lost (0: none).
    stuck: None, or the byte value that every read gives (0x00 or 0xFF: a line held low or high).
    cut: nothing passes in either direction.
    passed: how many bytes have been on the bus, of either direction (SPI: of both at once).
    """

    def __init__(self):
        self.flip_every = 0
        self.flip_bit = 0
        self.drop_every = 0
        self.stuck = None
        self.cut = False
        self.passed = 0
        self._seen = 0

    def carry(self, data):
        """`data` as it comes out at the driver's end: bytes."""
        out = bytearray()
        self.passed += len(data)
        for byte in data:
            self._seen += 1
            if self.cut or (self.drop_every and self._seen % self.drop_every == 0):
                continue
            if self.flip_every and self._seen % self.flip_every == 0:
                byte ^= 1 << self.flip_bit
            out.append(byte if self.stuck is None else self.stuck)
        return bytes(out)


class SimUart:
    """`machine.UART` with a chip at the other end.

    chip: receive(data, now_ms) is called with what the driver has sent; poll(now_ms) before the driver
    looks, so that a chip that speaks by itself can `send`. baud: bits a second, 11 bits a byte (8N1 with a
    start and a pause; 8E1). rxbuf: bytes that wait for the driver at most; more are lost, as on a board.
    """

    def __init__(self, now_ms, chip, baud, rxbuf=256):
        self.lines = Lines()
        self.overruns = 0
        self._now_ms = now_ms
        self._chip = chip
        self._baud = baud
        self._rxbuf = rxbuf
        self._coming = []  # (due_us, byte) in order
        self._line_us = 0  # when the line towards the driver is free again

    # ---- the driver's end

    def any(self):
        """How many bytes can be read now."""
        return self._arrived()

    def read(self, size=-1):
        """Up to `size` bytes (all that are there when negative), None when there are none."""
        count = self._arrived()
        if size >= 0:
            count = min(count, size)
        if not count:
            return None
        data = bytes([byte for _, byte in self._coming[:count]])
        self._coming = self._coming[count:]
        return data

    def readinto(self, buf, size=-1):
        """Fill `buf` from its start; how many bytes, None when there are none."""
        data = self.read(len(buf) if size < 0 else min(size, len(buf)))
        if data is None:
            return None
        buf[: len(data)] = data
        return len(data)

    def write(self, data):
        """Send; how many bytes were taken: all."""
        self.lines.passed += len(data)
        if not self.lines.cut:
            self._chip.receive(bytes(data), self._now_ms())
        return len(data)

    def txdone(self):
        """Whether everything has been sent."""
        return True

    def flush(self):
        """Wait until everything has been sent."""

    # ---- the chip's end

    def send(self, data, after_ms=0):
        """The chip sends `data`; its first byte is on the line `after_ms` from now, or when that is free."""
        start_us = max(self._line_us, (self._now_ms() + after_ms) * 1000)
        byte_us = 11000000 // self._baud
        for byte in self.lines.carry(data):
            start_us += byte_us
            self._coming.append((start_us, byte))
        self._line_us = start_us

    def _arrived(self):
        self._chip.poll(self._now_ms())
        now_us = self._now_ms() * 1000
        count = 0
        for due_us, _ in self._coming:
            if due_us > now_us:
                break
            count += 1
        if count > self._rxbuf:
            lost = count - self._rxbuf
            self.overruns += lost
            self._coming = self._coming[lost:]
            count = self._rxbuf
        return count


class SimSpi:
    """`machine.SPI`: full duplex to the chip whose select pin is low.

    chips: {SimPin: chip}; a chip has transfer(byte) -> byte and hears select(True or False) from its pin.
    """

    def __init__(self, chips):
        self.lines = Lines()
        self._chips = chips
        for pin in chips:
            pin.told = chips[pin].select

    def write_readinto(self, out, into):
        """Send `out` and receive as many bytes into `into`."""
        data = bytes([self._exchange(byte) for byte in out])
        carried = self.lines.carry(data)
        for i in range(len(into)):
            into[i] = carried[i] if i < len(carried) else 0xFF

    def write(self, out):
        """Send; what comes back is not looked at."""
        for byte in out:
            self._exchange(byte)

    def readinto(self, into, write=0):
        """Receive into `into` while sending the byte `write`."""
        self.write_readinto(bytes([write]) * len(into), into)

    def read(self, size, write=0):
        """Receive `size` bytes."""
        into = bytearray(size)
        self.readinto(into, write)
        return bytes(into)

    def _exchange(self, byte):
        for pin in self._chips:
            if pin.value() == 0 and not self.lines.cut:
                return self._chips[pin].transfer(byte) & 0xFF
        return 0xFF


class SimI2c:
    """`machine.I2C`: chips by address. A chip has wrote(data) and asked(size) -> bytes, and may raise
    OSError(ETIMEDOUT) when it stretches the clock longer than `timeout_us`, or ENODEV when it is deaf.
    """

    def __init__(self, chips, timeout_us=50000):
        self.lines = Lines()
        self.timeout_us = timeout_us
        self._chips = chips

    def writeto(self, address, data, stop=True):
        """Send; how many bytes were acknowledged."""
        self._chip(address).wrote(bytes(data))
        return len(data)

    def readfrom_into(self, address, buf, stop=True):
        """Receive len(buf) bytes."""
        data = self.lines.carry(self._chip(address).asked(len(buf)))
        for i in range(len(buf)):
            buf[i] = data[i] if i < len(data) else 0xFF

    def readfrom(self, address, size, stop=True):
        """Receive `size` bytes."""
        buf = bytearray(size)
        self.readfrom_into(address, buf)
        return bytes(buf)

    def scan(self):
        """The addresses that answer."""
        return sorted(self._chips)

    def _chip(self, address):
        if self.lines.cut or address not in self._chips:
            raise OSError(19, "ENODEV")
        return self._chips[address]


class SimPin:
    """`machine.Pin`: value() reads, value(x) sets and tells `told(level is low)` about a change.

    For an input, `source()` gives the level.
    """

    def __init__(self, level=1, source=None):
        self.told = None
        self._level = level
        self._source = source

    def value(self, level=None):
        """The level 0 or 1, or set it."""
        if level is None:
            return self._source() if self._source else self._level
        level = 1 if level else 0
        if level != self._level:
            self._level = level
            if self.told:
                self.told(level == 0)
        return None

    __call__ = value

    def on(self):
        """Set it high."""
        self.value(1)

    def off(self):
        """Set it low."""
        self.value(0)


class SimAdc:
    """`machine.ADC`: source() gives microvolts at the pin."""

    def __init__(self, source):
        self._source = source

    def read_uv(self):
        """Microvolts."""
        return self._source()


class SimPwm:
    """`machine.PWM`: what was set, for the other end to look at. duty_u16 0..65535; freq in Hz.

    told(): called when the duty has changed.
    """

    def __init__(self, freq=1000, duty_u16=65535):
        self.told = None
        self._freq = freq
        self._duty = duty_u16

    def freq(self, value=None):
        """The frequency in Hz, or set it."""
        if value is None:
            return self._freq
        self._freq = value
        return None

    def duty_u16(self, value=None):
        """The duty, 65535 is always high, or set it."""
        if value is None:
            return self._duty
        if value != self._duty:
            self._duty = value
            if self.told:
                self.told()
        return None
