"""An ATM90E32AS over a `World`: registers, lock, LastSPIData, energies that clear when they are read."""

from hal.mock.world import MAINS_V

UGAIN = 0x8000  # what its divider and transformers need
IGAIN = 0x7530
CONSTANTS = {"ugain": (UGAIN, UGAIN, UGAIN), "igain": (IGAIN, IGAIN, IGAIN)}
_DEFAULTS = {0x05: 0x143F, 0x31: 0x0861, 0x32: 0xC468, 0x33: 0x0087, 0x62: 0x7530, 0x66: 0x7530,
             0x6A: 0x7530, 0x61: 0xCE40, 0x65: 0xCE40, 0x69: 0xCE40}  # fmt: skip


class Atm90e32Chip:
    """count_permille: what a count is worth, in thousandths of the data sheet's (a wrong chip).

    reset: as if its supply had been away. saturated: how often a register stood at its end.
    """

    def __init__(self, world, count_permille=1000):
        self.saturated = 0
        self.cleared = [0, 0, 0]  # how many counts the charger has fetched of each phase
        self.regs = {}
        self._world = world
        self._permille = count_permille
        self.reset()

    def reset(self):
        """Begin anew with the settings of the factory."""
        self.regs = dict(_DEFAULTS)
        self._last = 0
        self._uj = [0, 0, 0]
        self._seen_uj = self._world.energy_uj
        self._at = 0
        self._word = 0
        self._data = 0

    def count_uj(self):
        """What a count is worth by the settings."""
        plconst = self.regs.get(0x31, 0) << 16 | self.regs.get(0x32, 0)
        parts = 100 if self.regs.get(0x33, 0) & 0x200 else 10
        return 8 * plconst // parts * self._permille // 1000

    def rest_uj(self):
        """What the energy registers hold that nobody has fetched."""
        self._accrue()
        return sum(self._uj)

    def select(self, low):
        """The select pin moved."""
        self._at = 0

    def transfer(self, byte):
        """One byte each way."""
        at, self._at = self._at, self._at + 1
        if at < 2:
            self._word = (self._word << 8 | byte) & 0xFFFF
            if at == 1 and self._word & 0x8000:
                self._data = self._get(self._word & 0x3FF)
            return 0
        if self._word & 0x8000:
            return self._data >> 8 if at == 2 else self._data & 0xFF
        self._data = (self._data << 8 | byte) & 0xFFFF
        if at == 3:
            self._put(self._word & 0x3FF, self._data)
        return 0

    def _get(self, address):
        if address != 0x78:
            self._last = self._value(address)
        return self._last

    def _value(self, address):
        if 0x81 <= address <= 0x83:
            return self._fetch(address - 0x81)
        world = self._world
        if not self.regs.get(0):
            return 0 if address >= 0x80 else self.regs.get(address, 0)
        phase = (address & 0xF) - 1 if address < 0xD0 else (address - 0xD9) & 3
        on = phase < world.phases
        if 0xB1 <= address <= 0xB3 or 0xC1 <= address <= 0xC3:
            power = world.current_ma() * MAINS_V * 100 // 32 if on else 0  # mW in steps of 0.32
            return power >> 16 & 0xFFFF if address < 0xC0 else power & 0xFFFF
        if 0xD9 <= address <= 0xDB:
            volts = MAINS_V * 100 if on and world.mains else 0
            return volts * self.regs.get(0x61 + 4 * phase, 0) // UGAIN
        if 0xDD <= address <= 0xDF:
            amps = world.current_ma() if on else 0
            return amps * self.regs.get(0x62 + 4 * phase, 0) // IGAIN
        return self.regs.get(address, 0)

    def _put(self, address, value):
        self._last = value
        if address == 0x70 and value == 0x789A:
            self.reset()
        elif not 0x31 <= address <= 0x6C or self.regs.get(0x7F) == 0x55AA:
            self._accrue()
            self.regs[address] = value

    def _accrue(self):
        """Share what flowed since the last look among the connected phases."""
        world = self._world
        passed_uj = world.energy_uj - self._seen_uj
        self._seen_uj = world.energy_uj
        if not passed_uj or not self.regs.get(0):
            return
        each = passed_uj // world.phases
        for phase in range(world.phases):
            self._uj[phase] += each
        self._uj[0] += passed_uj - each * world.phases

    def _fetch(self, phase):
        self._accrue()
        unit = self.count_uj()
        counts = self._uj[phase] // unit
        self._uj[phase] %= unit
        if counts > 0xFFFF:
            counts = 0xFFFF
            self.saturated += 1
        self.cleared[phase] += counts
        return counts
