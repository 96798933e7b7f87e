"""Sessions, stops and power cuts through every chip: scenarios as they stand, over real drivers.

Not here: those that switch a fault of the mock on, and those that count on its meter to the last Wh; what a
chip forgets at a cut is in scn_chips_energy.py.
"""

from host_tests.scenarios import scn_power, scn_session
from host_tests.scenarios.chipbench import SETS, through

SESSIONS = (
    "test_law_2_no_begin_record_no_permit",
    "test_law_11_terms_are_latched_at_the_start",
    "test_own_card_stops_and_the_time_until_unplug_is_the_vehicles",
    "test_another_card_neither_stops_nor_takes_over_but_one_of_the_group_stops",
    "test_an_unplug_without_a_tap_locks_for_the_next_vehicle",
    "test_double_taps_do_not_stop_what_they_started",
)
CUTS = (
    "test_nothing_flows_until_the_gap_is_known",
    "test_law_12_what_was_sent_without_a_time_keeps_its_bytes",
)


def lived(names):
    through(names, scn_session, SESSIONS)
    through(names, scn_power, CUTS)


def test_sessions_through_an_atm90e32_a_pn532_and_an_openevse():
    lived(SETS[0])


def test_sessions_through_a_bl0942_an_mfrc522_and_a_board_of_its_own():
    lived(SETS[1])


def test_sessions_through_a_cse7766_and_a_pn532_on_spi():
    lived(SETS[2])


def test_sessions_through_an_sdm630_a_pn532_on_i2c_and_a_board_of_its_own():
    lived(SETS[3])


def test_sessions_through_an_openevse_that_measures_and_an_mfrc522():
    lived(SETS[4])
