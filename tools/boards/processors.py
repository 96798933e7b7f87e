"""What a processor's pins can do, as far as a board description can get it wrong.

Sources: the ESP32 and ESP32-S3 data sheets (strapping, flash, input-only pins), the RP2040 and RP2350 data
sheets, and the Pico W's schematic for the pins that its radio takes.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Processor:
    """pins: that exist. input_only: cannot drive. flash: taken by the flash chip. radio: taken by it.
    unsteady: at reset not low or read by the boot loader, so no place for a relay. analog: usable
    beside a network. ethernet: taken by RMII where the board has it. most_watchdog_ms: the longest.
    """

    pins: frozenset
    input_only: frozenset = frozenset()
    flash: frozenset = frozenset()
    radio: frozenset = frozenset()
    unsteady: frozenset = frozenset()
    analog: frozenset = frozenset()
    ethernet: frozenset = frozenset()
    most_watchdog_ms: int = 60000


PROCESSORS = {
    "esp32": Processor(
        pins=frozenset({*range(0, 24), *range(25, 28), *range(32, 40)}),
        input_only=frozenset(range(34, 40)),
        flash=frozenset(range(6, 12)),
        unsteady=frozenset({0, 1, 2, 3, 5, 12, 14, 15}),
        analog=frozenset(range(32, 40)),
        ethernet=frozenset({19, 21, 22, 25, 26, 27}),
    ),
    "esp32s3": Processor(
        pins=frozenset({*range(0, 22), *range(26, 49)}),
        flash=frozenset(range(26, 33)),
        unsteady=frozenset({0, 3, 43, 44, 45, 46}),
        analog=frozenset(range(1, 11)),
    ),
    "rp2040": Processor(
        pins=frozenset(range(0, 30)),
        radio=frozenset({23, 24, 25, 29}),
        analog=frozenset({26, 27, 28}),
        most_watchdog_ms=8388,
    ),
    "rp2350": Processor(
        pins=frozenset(range(0, 30)),
        radio=frozenset({23, 24, 25, 29}),
        analog=frozenset({26, 27, 28}),
        most_watchdog_ms=16777,
    ),
}
