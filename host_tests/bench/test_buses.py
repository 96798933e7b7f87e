"""A driver's turn moves no more bytes than its bus carries in the time it has."""

from tools.bench.board.turns import DRIVERS
from tools.bench.buses import (
    BAD_BUS,
    CLOCKS,
    bus_bytes,
    bus_table,
    line_ms,
    turn_lines,
    worst_turns,
)
from tools.bench.figures import of_turns


def test_a_turn_of_the_spi_meter_fits_in_its_time():
    for every in BAD_BUS:
        most, second = bus_bytes("atm90e32", every)
        assert most <= 75, "at 200 kHz 75 bytes take 3 ms"
        assert second < 1000


def test_the_uarts_keep_up():
    for name in ("bl0942", "cse7766"):
        most, second = bus_bytes(name)
        assert most <= 48 and second < 436, "4800 baud carry 436 bytes a second"


def test_the_table_names_every_meter():
    lines = bus_table()
    print("\n".join(lines))
    assert [line.split()[0] for line in lines] == ["atm90e32", "bl0942", "cse7766"]


def test_a_turn_is_the_bytes_that_it_waits_for_and_its_python_and_is_held_against_50_ms():
    worst = worst_turns()
    for name, waits in (("pn532_i2c", True), ("atm90e32", True), ("sdm630", False)):
        bytes_ms, waited = line_ms(name, worst[name])
        assert waited == waits and bytes_ms > 1
        sums = []
        for python_us in (40000, 51000):
            found = {"found": {name: (100, 200, python_us)}}
            (figure,) = of_turns(worst, found, "mp32")
            held_ms = python_us / 1000 + (bytes_ms if waits else 0)
            assert abs(figure.value - held_ms) < 0.01 and figure.timed
            sums.append(figure.over_budget)
        assert sums == [False, True]


def test_the_bytes_of_every_turn_leave_the_control_task_its_time():
    for name, size in worst_turns().items():
        ms, waited = line_ms(name, size)
        assert not waited or ms <= 3, (name, ms)


def test_the_table_of_turns_names_every_driver():
    names = [name for _, name in DRIVERS]
    worst = worst_turns()
    assert set(worst) == set(CLOCKS) == set(names) - {"direct"}
    facts = {"unit_us": 1000, "found": dict.fromkeys(names, (100, 200, 300))}
    lines = turn_lines(worst, facts, "here")
    print("\n".join(lines))
    assert [line.split()[0] for line in lines[1:]] == sorted(names)
