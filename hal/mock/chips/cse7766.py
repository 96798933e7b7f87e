"""A CSE7766 over a `World`: it speaks every 60 ms, counts pulses in 16 bits and toggles when they wrap."""

PERIOD_MS = 60  # 24 bytes of 11 bits take 55 ms at 4800 baud
COEF_V = 0x02F760
COEF_I = 0x004010
COEF_P = 0x51A658  # uJ a pulse


class Cse7766Chip:
    """count_permille: what a pulse is worth, in thousandths of what the coefficient says (a wrong chip).

    speaking: False keeps it silent. calibrated: False gives the head AA. phase: the world's phases beyond
    the first are not its own: let the vehicle use one. reset: as if its supply had been away.
    """

    def __init__(self, world, count_permille=1000):
        self.speaking = True
        self.calibrated = True
        self.tap_broken = False  # it sees no voltage
        self.uart = None  # the SimUart it speaks on
        self._world = world
        self._permille = count_permille
        self._due_ms = world.now_ms
        self.reset()

    def reset(self, count=0):
        """Begin anew at `count`."""
        self._zero_uj = self._world.energy_uj - count * COEF_P

    def pulses(self):
        """All pulses since the beginning; the counter has the lowest 16 bits, the toggle the next."""
        uj = self._world.energy_uj - self._zero_uj
        return uj * 1000 // (COEF_P * self._permille)

    def receive(self, data, now_ms):
        """It hears nothing."""

    def poll(self, now_ms):
        """Send what is due; of a long time only the newest."""
        if now_ms < self._due_ms:
            return
        self._due_ms = max(self._due_ms, now_ms - PERIOD_MS) + PERIOD_MS
        if self.speaking:
            self.uart.send(self.frame())

    def frame(self):
        """The frame of this instant."""
        world = self._world
        frame = bytearray(24)
        frame[0] = 0x55 if self.calibrated else 0xAA
        frame[1] = 0x5A
        adj = 0x41
        _put(frame, 2, COEF_V, COEF_V // 230)
        ma = world.current_ma()
        dark = self.tap_broken or not world.mains
        mw = 0 if dark else world.power_mw()
        _put(frame, 8, COEF_I, COEF_I * 1000 // ma if ma else 0xFFFFFF)
        if ma:
            adj |= 0x20
        if mw > 1000:
            _put(frame, 14, COEF_P, COEF_P * 1000 // mw)
            adj |= 0x10
        else:
            _put(frame, 14, COEF_P, 0xFFFFFF)
            if self.calibrated:
                frame[0] = 0xFA if dark else 0xF2
        pulses = self.pulses()
        frame[20] = adj | (pulses >> 16 & 1) << 7
        frame[21] = pulses >> 8 & 0xFF
        frame[22] = pulses & 0xFF
        frame[23] = sum(frame[2:23]) & 0xFF
        return bytes(frame)


def _put(frame, at, coef, cycle):
    for i in range(3):
        frame[at + i] = coef >> (16 - 8 * i) & 0xFF
        frame[at + 3 + i] = cycle >> (16 - 8 * i) & 0xFF
