"""What is billed when the power goes in the middle of a session, meter by meter, and cards that prove themselves
through a real reader (laws 1, 3 and 4).
"""

from agent import jws
from agent.sun import Keys
from hal.mock.chips.cards import ndef_file
from hal.mock.world import UJ_PER_WH
from host_tests.agent.both_sun import url
from host_tests.scenarios.bench import ANNA, MASTER
from host_tests.scenarios.chipbench import SETS, SHORT_WH, fitted

FORGOTTEN_WH = (
    101  # of a chip that forgets: since the checkpoint of 60 s or 100 Wh, and what was not whole
)
REMEMBER = ("sdm630",)


def cut(names):
    bench = fitted(*names)()
    bench.tap(ANNA)
    bench.plug(32000, 2000)
    bench.run(300)
    bench.power_cut(60)
    bench.run(2000)
    bench.unplug()
    assert bench.world.energy_uj == 2000 * UJ_PER_WH
    assert bench.count("session_begin") == bench.count("session_end") == 1
    end = bench.last("session_end")
    lacks_wh = 2000 - end["energy_wh"]
    most_wh = 1 + (0 if names[0] in REMEMBER else FORGOTTEN_WH)
    assert -SHORT_WH.get(names[0], 0) <= lacks_wh <= most_wh, (names, end["energy_wh"])
    assert end["seconds"]["outage"] >= 60 and "outage" in end["flags"]
    bench.check_numbers()


def test_a_cut_in_a_session_over_an_atm90e32():
    cut(SETS[0])


def test_a_cut_in_a_session_over_a_bl0942():
    cut(SETS[1])


def test_a_cut_in_a_session_over_a_cse7766():
    cut(SETS[2])


def test_a_cut_in_a_session_over_an_sdm630():
    cut(SETS[3])


def test_a_cut_in_a_session_over_an_openevse():
    cut(SETS[4])


def test_a_card_proves_itself_through_a_pn532_and_its_replay_is_refused():
    for reader in ("pn532", "pn532_i2c", "pn532_spi"):
        bench = fitted("mock", reader, "mock")()
        bench.subscribe({ANNA: {"user": "anna", "proof": "sun"}})
        keys = Keys(jws.Keys(MASTER).key(jws.CARD))
        for counter, accepted in ((7, True), (7, False), (6, False), (8, True)):
            file = ndef_file(url(keys, ANNA, counter)[len("https://") :])
            bench.board.hardware.field.files[ANNA] = file
            before = bench.count("session_begin")
            bench.tap(ANNA)
            bench.plug()
            bench.run(20)
            assert bool(bench.world.closed) == accepted, (reader, counter)
            assert bench.count("session_begin") - before == accepted
            bench.unplug()
            bench.run(60)
        reasons = [one["reason"] for one in bench.of_kind("access_refused")]
        assert reasons and set(reasons) == {"not_proven"}, reasons
