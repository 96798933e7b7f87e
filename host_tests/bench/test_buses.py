"""A driver's turn moves no more bytes than its bus carries in the time it has."""

from tools.bench.board.turns import DRIVERS
from tools.bench.buses import BAD_BUS, CLOCKS, bus_bytes, bus_table, turn_lines, worst_turns


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


def test_the_table_of_turns_names_every_driver():
    names = [name for _, name in DRIVERS]
    worst = worst_turns()
    assert set(worst) == set(CLOCKS) == set(names) - {"direct"}
    facts = {"unit_us": 1000, "found": dict.fromkeys(names, (100, 200, 300))}
    lines = turn_lines(worst, facts, "here")
    print("\n".join(lines))
    assert [line.split()[0] for line in lines[1:]] == sorted(names)
