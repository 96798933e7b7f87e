"""Modbus meters as data: which registers, in which form, worth what; and their numbers as integers.

A new meter is a new line of `MODELS`, in the order of `Model`. Registers are those of the wire (from 0, not from 30001).

=========== ================= ========================= ==========================================
meter       form              one count of the register source
=========== ================= ========================= ==========================================
sdm630      float32 kWh, ABCD the step of float32       Eastron SDM630 Modbus protocol
sdm72dm_v2  float32 kWh, ABCD the step of float32       Eastron SDM72D-M-2 Modbus protocol
sdm120      float32 kWh, ABCD the step of float32       Eastron SDM120 Modbus protocol
em340       int32, CDAB       0.1 kWh                   Carlo Gavazzi EM330/EM340 protocol v2 r17
=========== ================= ========================= ==========================================

The step of float32 in kWh: 0.06 Wh at 1,000 kWh, 1 Wh at 10,000, 2 Wh at 20,000, 7.8 Wh at 99,999. So a
register stands still for that much and then rises at once: a plateau, which is no anomaly.
"""

_FLOAT_SCALES = ((1, 1), (1000, 1), (1, 1), (1000, 1))  # V, A, W, kWh
_EM_SCALES = ((1, 10), (1, 1), (1, 10), (100, 1))  # 0.1 V, mA, 0.1 W, 0.1 kWh

MODELS = {
    "sdm630": ("float32", "ABCD", 4, 80, 3, (0, 18, 0, 6, 12), 0x48, _FLOAT_SCALES, 0xFC00, 9600),
    "sdm72dm_v2": (
        "float32", "ABCD", 4, 80, 3, (0, 18, 0, 6, 12), 0x48, _FLOAT_SCALES, 0xFC00, 9600,
    ),
    "sdm120": ("float32", "ABCD", 4, 80, 1, (0, 14, 0, 6, 12), 0x48, _FLOAT_SCALES, 0xFC00, 2400),
    "em340": ("int32", "CDAB", 4, 50, 3, (0, 24, 0, 12, 18), 0x34, _EM_SCALES, None, 9600),
}  # fmt: skip


class Model:
    """What the driver knows of the meter `name` (a key of MODELS).

    form: "float32" or "int32". order: "ABCD", high word first, or "CDAB", low word first; in a word the
        high byte is first. function: that reads values, 3 for holding and 4 for input registers.
    most: registers in one answer at most. phases: 1 or 3.
    values: (first register, how many, and behind the first in registers: U, I and P of L1).
    energy: register of the active energy imported, all tariffs and phases.
    scales: (numerator, denominator) to V, mA, W and Wh.
    number: holding register of the serial number, u32 high word first; None: it tells none.
    baud: as delivered.
    """

    def __init__(self, name):
        self._take(*MODELS[name])

    def _take(self, form, order, function, most, phases, values, energy, scales, number, baud):
        self.form = form
        self.order = order
        self.function = function
        self.most = most
        self.phases = phases
        self.values = values
        self.energy = energy
        self.scales = scales
        self.number = number
        self.baud = baud


MOST_WH = 100000000000  # no meter shows more than eight digits of kWh


def number(data, at, model, scale):
    """The value of two registers at data[at], scaled to an int; None where it is no number.

    Exact, and cut towards 0: IEEE-754 bits become an integer without a float in between. None: NaN and
    infinities, and the 7FFFFFFF with which int32 meters show an overflow.
    """
    numerator, denominator = model.scales[scale]
    first, second = (at, at + 2) if model.order == "ABCD" else (at + 2, at)
    top, high = data[first], data[first + 1]
    low = data[second] << 8 | data[second + 1]
    if model.form == "float32":
        exponent = (top & 0x7F) << 1 | high >> 7
        if exponent == 0xFF:
            return None
        size = (high & 0x7F) << 16 | low
        if exponent:
            size |= 0x800000
        else:
            exponent = 1
        size *= numerator
        # 150: the bias of 127 and the 23 bits of the fraction
        size = size << exponent - 150 if exponent > 150 else size >> 150 - exponent
        return -(size // denominator) if top & 0x80 else size // denominator
    size = (top & 0x7F) << 24 | high << 16 | low
    if top & 0x80:
        return -((0x80000000 - size) * numerator // denominator)
    return None if size == 0x7FFFFFFF else size * numerator // denominator


def energy_wh(data, at, model):
    """The register in whole Wh, rounded down; None where it is no number, negative, or over MOST_WH."""
    wh = number(data, at, model, 3)
    if wh is None or data[at + (0 if model.order == "ABCD" else 2)] & 0x80 or wh > MOST_WH:
        return None
    return wh
