"""A bus that fails in the middle of a session, each chip's every fault in turn: nothing is raised, no register is
ever wrong, the status says it and takes it back by itself, and the bill is the world's (laws 1, 3, 4 and 15).

`ChipBench.watch` holds laws 1 and 3 at every turn. What is billed may lack what was not told yet: docs/hardware.
"""

from hal.mock.world import UJ_PER_WH
from host_tests.scenarios.bench import ANNA, BO
from host_tests.scenarios.chipbench import SHORT_WH, fitted

# by role: the words that a status may tell such a fault with
WORDS = {
    "meter": ("meter_bus", "meter_missing"),
    "reader": ("reader_silent",),
    "power": ("internal", "pilot", "power_bus", "pilot_short", "pilot_fault"),
}
FAULT_S = {
    "meter": 20,
    "reader": 70,
    "power": 8,
}  # a reader is silent for a minute before it is told
CLEAR_S = (
    150  # a meter that may have lost energy complains for a minute, a pilot rests for half of one
)
LACKS_WH = 1  # whole Wh are told


def through(role, name, faults, **others):
    """One session through all of `faults` of this chip's bus."""
    names = {"meter": "sdm630", "reader": "mock", "power": "mock", role: name}
    names.update(others)
    bench = fitted(**names)()
    bench.tap(ANNA)
    bench.plug()
    for fault in faults:
        bench.run(30)
        assert bench.world.closed and told(bench) == [], (name, fault, "before", told(bench))
        if role == "reader" and fault in ("flip", "drop"):
            garble(bench, fault)
        else:
            hurt(bench, role, fault)
    bench.run(60)
    bench.unplug()
    assert bench.count("session_begin") == bench.count("session_end") == 1
    end = bench.last("session_end")
    true_wh = bench.world.energy_uj // UJ_PER_WH
    more_wh = SHORT_WH.get(names["meter"], 0)
    lacks_wh = true_wh - end["energy_wh"]
    assert -more_wh <= lacks_wh <= LACKS_WH, (name, true_wh, end["energy_wh"])
    assert end["stop_reason"] == "EVDisconnected"
    bench.check_numbers()


def hurt(bench, role, fault):
    """Switch it on until it is told, and off until it is told no longer."""
    bench.board.hardware.switch(role, fault)
    seen = []
    for _ in range(FAULT_S[role]):
        bench.run(1)
        seen += [word for word in told(bench) if word not in seen]
    assert [word for word in seen if word in WORDS[role]], (role, fault, seen)
    bench.board.hardware.switch(role, "")
    for second in range(CLEAR_S):
        bench.run(1)
        if told(bench) == [] and bench.world.closed:
            return second
    raise AssertionError("%s, %s: still %s" % (role, fault, told(bench)))


def garble(bench, fault):
    """Some of what a reader says is garbled: it may be told, and another's card is still no other card."""
    bench.board.hardware.switch("reader", fault)
    for _ in range(10):
        bench.tap(BO)
        bench.run(4)
    bench.board.hardware.switch("reader", "")
    bench.run(5)
    refused = bench.of_kind("access_refused")
    assert [one["reason"] for one in refused] == ["busy"] * len(refused), (fault, refused)
    assert bench.world.closed, "nobody has stopped it"


def told(bench):
    """The faults of the newest status that the service holds."""
    return bench.status["faults"]


def test_an_atm90e32_whose_bus_fails():
    through("meter", "atm90e32", ("flip", "drop", "low", "high", "cut"))


def test_a_bl0942_whose_bus_fails():
    through("meter", "bl0942", ("flip", "drop", "low", "high", "cut"))


def test_a_cse7766_whose_bus_fails():
    through("meter", "cse7766", ("flip", "drop", "low", "high", "cut"))


def test_an_sdm630_whose_line_fails():
    through("meter", "sdm630", ("flip", "drop", "low", "high", "cut", "foreign"))


def test_a_pn532_whose_uart_fails():
    through("reader", "pn532", ("flip", "drop", "low", "cut", "hang"))


def test_a_pn532_whose_i2c_fails():
    through("reader", "pn532_i2c", ("flip", "drop", "high", "cut", "stretch"))


def test_a_pn532_whose_spi_fails():
    through("reader", "pn532_spi", ("flip", "drop", "low", "high", "cut"))


def test_an_mfrc522_whose_spi_fails():
    through("reader", "mfrc522", ("flip", "drop", "low", "high", "cut", "hang"))


def test_an_openevse_whose_line_fails():
    through("power", "openevse", ("flip", "drop", "low", "high", "cut"))


def test_an_openevse_that_measures_and_whose_line_fails():
    through("power", "openevse", ("cut", "low"), meter="openevse")


def test_a_pilot_of_the_board_itself_that_fails():
    through("power", "direct", ("cut", "low", "high"))
