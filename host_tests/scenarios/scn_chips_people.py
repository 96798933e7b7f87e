"""Cards and orders through every chip: scenarios as they stand, over real drivers and simulated chips.

Not here: those that switch a fault of the mock on, and those that count on its meter to the last Wh.
"""

from host_tests.scenarios import scn_cards, scn_orders
from host_tests.scenarios.chipbench import SETS, through

CARDS = (
    "test_two_cards_do_not_stop_a_session",
    "test_the_dead_times_are_policy",
    "test_another_driver_need_not_wait_for_the_dead_time_of_the_first",
    "test_a_guest_charges_free_and_the_record_says_that_it_was_one",
)
ORDERS = (
    "test_a_start_is_refused_with_the_reason_and_a_stop_names_its_session",
    "test_an_ordered_session_can_be_stopped_with_the_card_that_the_order_names",
    "test_a_blocked_user_loses_a_session_by_app_or_question",
)


def met(names):
    through(names, scn_cards, CARDS)
    through(names, scn_orders, ORDERS)


def test_people_meet_an_atm90e32_a_pn532_and_an_openevse():
    met(SETS[0])


def test_people_meet_a_bl0942_an_mfrc522_and_a_board_of_its_own():
    met(SETS[1])


def test_people_meet_a_cse7766_and_a_pn532_on_spi():
    met(SETS[2])


def test_people_meet_an_sdm630_a_pn532_on_i2c_and_a_board_of_its_own():
    met(SETS[3])


def test_people_meet_an_openevse_that_measures_and_an_mfrc522():
    met(SETS[4])
