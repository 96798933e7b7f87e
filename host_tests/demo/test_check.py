"""How much of a month's energy the demo lets a meter lack: nothing of a mock, what is documented of a chip."""

from tools.demo.check import Check, allowed_wh


def holds(meter, cuts, true_wh, found_wh):
    return Check("", true_wh, found_wh, *allowed_wh(meter, cuts)).holds


def test_the_mock_is_exact_whatever_happens():
    assert holds("mock", 3, 5000, 5000)
    assert not holds("mock", 3, 5000, 4999) and not holds("mock", 3, 5000, 5001)
    assert Check("", 1, 1, *allowed_wh("mock", 3)).allowed == ""


def test_a_chip_may_lack_one_wh_and_what_a_power_cut_forgot_and_never_invents():
    for chip in ("atm90e32", "bl0942", "cse7766"):
        assert holds(chip, 0, 5000, 4999) and not holds(chip, 0, 5000, 4998)
        assert holds(chip, 1, 5000, 4898) and not holds(chip, 1, 5000, 4897)
        assert not holds(chip, 1, 5000, 5001)
    assert Check("", 1, 1, *allowed_wh("bl0942", 1)).allowed == "102"


def test_a_meter_that_remembers_loses_nothing_at_a_power_cut():
    for cuts in (0, 2):
        assert holds("sdm630", cuts, 5000, 4999) and holds("sdm630", cuts, 5000, 5001)
        assert not holds("sdm630", cuts, 5000, 4998) and not holds("sdm630", cuts, 5000, 5002)
