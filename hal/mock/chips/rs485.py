"""Half-duplex RS485 between a `machine.UART` and a meter: only one end can speak at a time."""

from hal.mock.buses import SimUart


class SimRs485(SimUart):
    """A UART behind a transceiver. de: its SimPin, None for a transceiver that switches by itself.

    What is sent takes its time on the line; the chip hears it when it is over. cut_short: requests whose
    transmitter went off before their end. lost: bytes of the chip that came while it was on.
    """

    def __init__(self, now_ms, chip, baud, de=None):
        super().__init__(now_ms, chip, baud)
        self.cut_short = 0
        self.lost = 0
        self._de = de
        self._out = None  # (data, end in us) while it is on its way
        self._behind_ms = 0
        chip.bus = self
        if de:
            de.told = self._switched

    def write(self, data):
        """Begin to send; with the transmitter off nothing reaches the line."""
        if self._de is None or self._de.value():
            self._out = (bytes(data), self._now_ms() * 1000 + len(data) * 11000000 // self._baud)
        return len(data)

    def txdone(self):
        """Whether everything has been sent."""
        return self._out is None or self._now_ms() * 1000 >= self._out[1]

    def send(self, data, after_ms=0):
        """As SimUart.send, counted from the end of the request."""
        if self._de is not None and self._de.value():
            self._collide()
        super().send(data, after_ms - self._behind_ms)

    def _arrived(self):
        if self._de is not None and self._de.value():
            self._collide()
        self._deliver()
        return super()._arrived()

    def _deliver(self):
        if self._out and self.txdone():
            data, end_us = self._out
            self._out = None
            if not self.lines.cut:
                # the chip lives in the past that the driver has slept through
                self._line_us = max(self._line_us, end_us)
                end_ms = (end_us + 999) // 1000
                self._behind_ms = self._now_ms() - end_ms
                self._chip.receive(data, end_ms)

    def _switched(self, low):
        if low:
            if self._out and not self.txdone():
                self._out = None
                self.cut_short += 1
            self._deliver()
            self._collide()

    def _collide(self):
        now_us = self._now_ms() * 1000
        kept = [pair for pair in self._coming if pair[0] > now_us]
        self.lost += len(self._coming) - len(kept)
        self._coming = kept
