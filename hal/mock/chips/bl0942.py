"""A BL0942 over a `World`: registers 03..09 and 19, the full packet, a free-running 24-bit counter."""

from hal.mock.world import MAINS_V

UREF_MILLI = 15187000
IREF_MILLI = 125606000  # 0.5 mOhm
PREF_MILLI = 298030
UJ_PER_COUNT = 419430400000000 // PREF_MILLI
CONSTANTS = {"uref_milli": UREF_MILLI, "iref_milli": IREF_MILLI, "pref_milli": PREF_MILLI}


class Bl0942Chip:
    """count_permille: what a count is worth, in thousandths of the data sheet's (a board with other
    constants). backward: energy passes the wrong way. reset: as if its supply had been away.
    """

    def __init__(self, world, count_permille=1000):
        self.backward = False
        self.tap_broken = False  # it sees no voltage
        self.uart = None  # the SimUart it answers on
        self.mode = 0
        self._world = world
        self._uj = UJ_PER_COUNT * count_permille // 1000
        self._in = b""
        self.reset()

    def reset(self, count=0):
        """Begin anew, with the counter at `count` and the settings of the factory."""
        self._zero_uj = self._world.energy_uj - count * self._uj
        self.mode = 0x87
        self._unlocked = False
        self._in = b""

    def count(self):
        """The counter."""
        return (self._world.energy_uj - self._zero_uj) // self._uj & 0xFFFFFF

    def poll(self, now_ms):
        """It speaks only when it is asked."""

    def receive(self, data, now_ms):
        """Take what was sent, and answer."""
        self._in += data
        while self._in:
            if self._in[0] & 0xFC == 0x58:
                if len(self._in) < 2:
                    return
                self._read(self._in[0], self._in[1])
                self._in = self._in[2:]
            elif self._in[0] & 0xFC == 0xA8:
                if len(self._in) < 6:
                    return
                self._write(self._in[:6])
                self._in = self._in[6:]
            else:
                self._in = self._in[1:]

    def _read(self, command, register):
        if register == 0xAA:
            answer = self.packet()
            self.uart.send(answer + bytes([~(command + sum(answer)) & 0xFF]), 1)
            return
        value = {
            3: self._amps(),
            4: self._volts(),
            6: self._watts(),
            7: self.count(),
            0x19: self.mode,
        }
        answer = _le(value.get(register, 0))
        self.uart.send(answer + bytes([~(command + register + sum(answer)) & 0xFF]), 1)

    def _write(self, order):
        if ~sum(order[:5]) & 0xFF != order[5]:
            return
        if order[1] == 0x1D:
            self._unlocked = order[2] == 0x55
        elif order[1] == 0x19 and self._unlocked:
            self.mode = order[2] | order[3] << 8

    def packet(self):
        """The 22 bytes of the full packet of this instant."""
        status = 0x0100 | (1 if self.backward else 0)
        return (
            b"\x55" + _le(self._amps()) + _le(self._volts()) + _le(self._amps())
            + _le(self._watts()) + _le(self.count()) + _le(20000 if self._volts() else 0) + _le(status)
        )  # fmt: skip

    def _amps(self):
        return self._world.current_ma() * IREF_MILLI // 1000000

    def _volts(self):
        if self.tap_broken or not self._world.mains:
            return 0
        return MAINS_V * UREF_MILLI // 1000

    def _watts(self):
        watt = self._world.power_mw() * PREF_MILLI // 1000000
        return -watt & 0xFFFFFF if self.backward else watt


def _le(value):
    return bytes([value & 0xFF, value >> 8 & 0xFF, value >> 16 & 0xFF])
