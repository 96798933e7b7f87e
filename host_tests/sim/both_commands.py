"""Every command of the control port: what is refused by name, and what it does."""

from boards.sim.commands import COMMANDS, BadCommand, act, parse
from hal.mock.world import World

GOOD = {
    "plug": {"max_a": 16, "phases": 3, "a": 9.5, "wh": 100},
    "demand": {"a": 10, "wh": 6146},
    "tap": {"uid": "04A2B3C4D5E6F7"},
    "power": {"on": False},
    "cut": {"dark_s": 600},
    "network": {"up": False},
    "clock": {"jump_s": -3600},
    "time": {"unix": 1700000000},
    "advance": {"s": 60, "settle": True},
    "meter": {"fault": "frozen"},
    "reader": {"fault": "dead"},
    "bus": {"of": "meter", "fault": "flip"},
    "contactor": {"fault": "weld"},
    "pilot": {"fault": "E"},
    "board": {"fault": "residual_current"},
    "flash": {"fault": "io"},
}

BAD = (
    ([], "command"),
    (None, "command"),
    ({}, "do"),
    ({"do": 7}, "do"),
    ({"do": "fly"}, "do"),
    ({"do": "plug"}, "max_a"),
    ({"do": "bus", "of": "ok", "fault": "cut"}, "of"),
    ({"do": "bus", "of": "meter", "fault": "melted"}, "fault"),
    ({"do": "bus", "fault": "cut"}, "of"),
    ({"do": "plug", "max_a": "16"}, "max_a"),
    ({"do": "plug", "max_a": True}, "max_a"),
    ({"do": "plug", "max_a": 5.9}, "max_a"),
    ({"do": "plug", "max_a": 81}, "max_a"),
    ({"do": "plug", "max_a": 16, "phases": 4}, "phases"),
    ({"do": "plug", "max_a": 16, "colour": "red"}, "colour"),
    ({"do": "demand", "a": -1}, "a"),
    ({"do": "demand", "a": 10, "wh": 1.5}, "wh"),
    ({"do": "demand", "a": 10, "wh": -1}, "wh"),
    ({"do": "tap", "uid": "04A2B3C4D5E6F"}, "uid"),
    ({"do": "tap", "uid": "04A2B3C4D5E6FG"}, "uid"),
    ({"do": "tap", "uid": 4}, "uid"),
    ({"do": "power", "on": 1}, "on"),
    ({"do": "network"}, "up"),
    ({"do": "clock", "jump_s": 0.5}, "jump_s"),
    ({"do": "time", "unix": -1}, "unix"),
    ({"do": "advance", "s": -1}, "s"),
    ({"do": "advance", "s": 1, "settle": "yes"}, "settle"),
    ({"do": "meter", "fault": "none"}, "fault"),
    ({"do": "meter", "fault": ""}, "fault"),
    ({"do": "meter", "fault": None}, "fault"),
    ({"do": "board", "fault": "smoke"}, "fault"),
    ({"do": "ping", "x": 1}, "x"),
)


def refusal(call):
    try:
        call()
    except BadCommand as exc:
        return str(exc)
    return ""


def test_every_command_parses():
    for do in COMMANDS:
        message = dict(GOOD.get(do, {}))
        message["do"] = do
        assert parse(message)[0] == do


def test_a_bad_command_is_refused_by_the_name_of_its_member():
    for message, name in BAD:
        assert refusal(lambda m=message: parse(m)).startswith(name + ": "), message


def test_members_are_converted():
    assert parse({"do": "plug", "max_a": 16, "a": 9.5})[1]["a"] == 9500
    assert parse({"do": "tap", "uid": "04a2b3c4"})[1]["uid"] == b"\x04\xa2\xb3\xc4"
    assert parse({"do": "meter", "fault": "ok"})[1] == {"fault": "", "wh": None}


def test_plug_demand_unplug():
    world = World()
    run(world, {"do": "plug", "max_a": 16, "phases": 3, "a": 20, "wh": 7})
    assert (world.plugged, world.phases, world.demand_ma) == (True, 3, 16000)
    run(world, {"do": "demand", "a": 9.5})
    assert (world.demand_ma, world.target_uj) == (9500, -1)
    run(world, {"do": "unplug"})
    assert world.vehicle() == "A"


def test_what_cannot_be_done_changes_nothing():
    world = World()
    before = world.to_dict()
    assert refusal(lambda: run(world, {"do": "demand", "a": 10})) == "do: no vehicle is plugged"
    assert refusal(lambda: run(world, {"do": "plug", "max_a": 16, "wh": 7})).startswith("wh: ")
    assert world.to_dict() == before
    run(world, {"do": "plug", "max_a": 16})
    assert refusal(lambda: run(world, {"do": "plug", "max_a": 16})).startswith("do: ")


def test_time_and_faults_reach_the_world():
    world = World(start_unix=1700000000)
    world.step(5000)
    for message in (
        {"do": "time", "unix": 1800000000},
        {"do": "clock", "jump_s": 60, "source": False},
        {"do": "network", "up": False},
        {"do": "pilot", "fault": "F"},
        {"do": "contactor", "fault": "stuck_open"},
        {"do": "board", "fault": "ground"},
        {"do": "reader", "fault": "dead"},
        {"do": "meter", "fault": "jump", "wh": 9},
    ):
        run(world, message)
    assert world.wall_ms() == 1800000000000 and world.jump_ms == 60000
    assert not world.time_source and not world.network
    assert (world.vehicle(), world.fault(), world.reader_fault) == ("F", "ground", "dead")
    assert (world.contactor_fault, world.meter_fault, world.fault_wh) == ("stuck_open", "jump", 9)


def run(world, message):
    do, members = parse(message)
    act(world, do, members)
