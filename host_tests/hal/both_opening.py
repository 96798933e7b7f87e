"""`open_driver` of every driver: what it makes of a description, and what it says of one that lacks a field."""

from hal.meters import atm90e32, bl0942, cse7766
from hal.meters import openevse as openevse_meter
from hal.mock.buses import SimPin, SimSpi, SimUart
from hal.mock.chips import atm90e32 as atm90e32_chip
from hal.mock.chips import bl0942 as bl0942_chip
from hal.mock.chips.pilot_circuit import FACTS, PilotCircuit
from hal.mock.ports import MockClock
from hal.mock.world import World
from hal.power import direct, openevse
from hal.readers import mfrc522, pn532

LIMITS = {"limit_ma": 32000, "phases": 1}
CSE = {"voltage_permille": 1000, "current_permille": 1000}
METERS = (
    (atm90e32, atm90e32_chip.CONSTANTS, "igain"),
    (bl0942, bl0942_chip.CONSTANTS, "pref_milli"),
    (cse7766, CSE, "current_permille"),
)


class Deaf:
    """A chip that says nothing."""

    def receive(self, data, now_ms):
        pass

    def poll(self, now_ms):
        pass


def given(**more):
    world = World()
    objects = {"bus": SimUart(lambda: world.now_ms, Deaf(), 9600), "limits": LIMITS}
    objects.update(more)
    return objects, MockClock(world)


def refused(module, chip, objects, clock):
    try:
        module.open_driver(chip, objects, clock)
    except ValueError as error:
        return str(error)
    raise AssertionError("it was opened")


def without(whole, name):
    return {key: whole[key] for key in whole if key != name}


def test_meter_chips_are_opened_with_the_boards_constants_and_its_limit():
    for module, constants, last in METERS:
        pin = SimPin()
        objects, clock = given(bus=SimSpi({}), cs=pin) if module is atm90e32 else given()
        chip = {"serial": "M-1", "calibrated": True, "constants": constants}
        meter = module.open_driver(chip, objects, clock)
        meter.attend()
        assert meter.complaint() == "" and meter.read() is None
        assert refused(module, without(chip, "serial"), objects, clock) == "serial: missing"
        assert (
            refused(module, without(chip, "calibrated"), objects, clock) == "calibrated: missing"
        )
        assert refused(module, without(chip, "constants"), objects, clock) == "constants: missing"
        chip["constants"] = without(constants, last)
        assert refused(module, chip, objects, clock) == "constants.%s: missing" % last
        chip["constants"] = constants
        assert refused(module, chip, without(objects, "bus"), clock) == "bus: missing"
        assert refused(module, chip, without(objects, "limits"), clock) == "limits: missing"


def test_a_meter_chip_that_is_not_calibrated_is_opened_and_complains():
    for module, constants, _ in METERS:
        objects, clock = given(cs=SimPin())
        chip = {"serial": "M-1", "calibrated": False, "constants": constants}
        meter = module.open_driver(chip, objects, clock)
        meter.attend()
        assert meter.complaint() == "meter_uncalibrated" and meter.read() is None


def test_the_openevse_meter_needs_the_openevse_power_board():
    objects, clock = given()
    objects["power"] = openevse.open_driver({}, objects, clock)
    meter = openevse_meter.open_driver({"serial": "E", "phases": 1}, objects, clock)
    meter.attend()
    assert meter.read() is None
    objects["power"] = Deaf()
    said = refused(openevse_meter, {"serial": "E"}, objects, clock)
    assert said == "power: this meter is in an openevse power board"


def test_the_openevse_power_board():
    objects, clock = given()
    assert (
        openevse.open_driver({"heartbeat_s": 10, "fallback_a": 8}, objects, clock).vehicle() == "F"
    )
    assert refused(openevse, {"heartbeat_s": 90}, objects, clock) == "heartbeat_s: 90, 1 to 65"
    assert refused(openevse, {}, without(objects, "bus"), clock) == "bus: missing"


def test_the_pilot_of_the_board_itself():
    world = World()
    objects = dict(PilotCircuit(world).ports)
    objects["limits"] = LIMITS
    clock = MockClock(world)
    power = direct.open_driver({"facts": FACTS}, objects, clock)
    power.permit(40000)
    power.attend()
    assert power._facts["most_ma"] == 32000 and FACTS["most_ma"] == 80000
    assert refused(direct, {}, objects, clock) == "facts: missing"
    assert refused(direct, {"facts": FACTS}, without(objects, "live"), clock) == "live: missing"
    for name in ("bands_mv", "pp_windows", "ntc_table"):
        said = refused(direct, {"facts": without(FACTS, name)}, objects, clock)
        assert said == "facts.%s: missing" % name


def test_readers_by_their_transport():
    objects, clock = given(settings={"kind": "uart", "baud": 400000}, cs=SimPin())
    for chip in ({"transport": "uart"}, {"transport": "i2c"}, {"transport": "spi"}, {}):
        assert pn532.open_driver(chip, objects, clock).poll() is None
    assert pn532.open_driver({"uid_order": "reverse"}, objects, clock)._reverse
    assert pn532.open_driver({"proves": True}, objects, clock)._proves
    assert not pn532.open_driver({}, objects, clock)._proves
    slow = dict(objects, settings={"kind": "i2c", "baud": 100000})
    assert refused(pn532, {}, slow, clock) == "baud: 100000, 400000 or more for this reader"
    assert mfrc522.open_driver({"transport": "spi"}, objects, clock).poll() is None
    assert refused(pn532, {"transport": "spi"}, without(objects, "cs"), clock) == "cs: missing"
    assert (
        refused(pn532, {"transport": "can"}, objects, clock) == "transport: can, uart, i2c or spi"
    )
    assert refused(pn532, {}, without(objects, "settings"), clock) == "settings: missing"
    assert refused(mfrc522, {"transport": "i2c"}, objects, clock) == "transport: i2c, spi only"
    for module in (pn532, mfrc522):
        said = refused(module, {"transport": "spi", "uid_order": "odd"}, objects, clock)
        assert said == "uid_order: odd, forward or reverse"
