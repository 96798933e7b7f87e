"""Real drivers over simulated chips in the whole charger: a session's energy, and buses that fail and come back."""

import json

import pytest

from tools.demo.check import UJ_PER_WH, allowed_wh
from tools.demo.stage import CHARGER, Fitted, Stage
from tools.setup import interpreters
from tools.simulate import SimulateError
from tools.simulate.client import CommandError
from tools.simulate.launch import FITTED, Options, prepare

START_S = 1614556800  # 2021-03-01T00:00:00Z
ANNA = "04A2B3C4D5E6F7"
WORDS = [interpreter.word_bits for interpreter in interpreters()]
SETS = (
    Fitted("atm90e32", "pn532", "openevse"),
    Fitted("bl0942", "mfrc522", "direct"),
    Fitted("cse7766", "pn532", "mock"),
    Fitted("sdm630", "pn532_i2c", "mock"),
    Fitted("openevse", "pn532_spi", "openevse"),
)


def enabled(stage):
    service = stage.service
    service.tariff(CHARGER, "T-1", "EUR", energy="0.40", flat="1.00")
    stage.publish(service.enable(CHARGER, actor="u-9", role="superadmin", plan="business"))
    stage.publish(service.subscribe(CHARGER, "anna", ANNA, contract="c-1"))

    def applied():
        charger = service.charger(CHARGER)
        config = charger.config_applied == charger.config_version
        return config and charger.list_applied == charger.list_version

    stage.wait("flag and list", applied)
    stage.advance(60)


def charging(stage, wh):
    """Tap and plug; the contactor is closed when it returns."""
    client = stage.charger.client
    client.do("tap", uid=ANNA)
    stage.advance(2)
    client.do("plug", max_a=32, a=16, wh=wh)
    stage.advance(30)
    assert client.world()["contactor"]


def ended(stage):
    """Unplug; the session's energy in Wh."""
    client = stage.charger.client
    client.do("unplug")
    stage.advance(60)
    stage.wait("the last records", lambda: client.status()["unsent"] == 0)
    ends = stage.service.records(CHARGER, kind="session_end")
    assert len(ends) == 1
    return ends[0]["energy_wh"]


def told_faults(stage):
    """What the charger's newest status tells the service."""
    return json.loads(stage.service.charger(CHARGER).status)["faults"]


def fits(stage, told_wh):
    lacks, exceeds = allowed_wh(stage.fitted.meter, 0)
    true_wh = stage.charger.client.world()["energy_uj"] // UJ_PER_WH
    assert -exceeds <= true_wh - told_wh <= lacks, (true_wh, told_wh)
    assert stage.service.records(CHARGER, kind="anomaly") == []
    report = stage.service.statement("2021-03")
    assert report.chargers[0].holds and not report.chargers[0].register_gaps


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("fitted", SETS, ids=lambda one: "-".join(vars(one).values()))
def test_a_session_is_metered_to_one_count(tmp_path, fitted, word):
    kind = "mosquitto" if word == 32 else "amqtt"
    with Stage(tmp_path, kind, START_S, word=word, fitted=fitted) as stage:
        enabled(stage)
        charging(stage, 2000)
        stage.advance(3600)
        world = stage.charger.client.world()
        assert world["energy_uj"] == 2000 * UJ_PER_WH and not world["contactor"]
        assert stage.charger.client.status()["faults"] == []
        fits(stage, ended(stage))
        assert told_faults(stage) == []


@pytest.mark.parametrize(
    "fitted, of, fault, word",
    [
        (SETS[0], "meter", "flip", "meter_bus"),
        (SETS[0], "reader", "cut", "reader_silent"),
        (SETS[0], "power", "cut", "internal"),
        (SETS[1], "meter", "cut", "meter_missing"),
        (SETS[1], "power", "cut", "internal"),
        (SETS[3], "meter", "foreign", "meter_bus"),
        (SETS[3], "reader", "stretch", "reader_silent"),
    ],
    ids=lambda one: one if isinstance(one, str) else one.meter,
)
def test_a_bus_that_fails_in_mid_session_is_told_and_comes_back_by_itself(
    tmp_path, fitted, of, fault, word
):
    with Stage(tmp_path, "mosquitto", START_S, word=WORDS[0], fitted=fitted) as stage:
        enabled(stage)
        charging(stage, 3000)
        client = stage.charger.client
        stage.advance(300)
        client.do("bus", of=of, fault=fault)
        stage.advance(70)
        stage.wait("the fault in the status", lambda: word in told_faults(stage))
        client.do("bus", of=of, fault="ok")
        stage.advance(120)
        stage.wait("a status without it", lambda: told_faults(stage) == [])
        stage.advance(3600)
        assert client.world()["energy_uj"] == 3000 * UJ_PER_WH
        told_wh = ended(stage)
        lacks, exceeds = allowed_wh(fitted.meter, 0)
        assert -exceeds <= 3000 - told_wh <= lacks


def options(folder, **more):
    return Options(charger="CH-1", broker=("127.0.0.1", 1), state=folder, **more)


def test_a_state_folder_keeps_what_its_charger_is_made_of(tmp_path):
    prepare(options(tmp_path, meter="bl0942", power="direct"))
    prepare(options(tmp_path))
    start = json.loads((tmp_path / "start.json").read_text())
    assert [start[role] for role in FITTED] == ["bl0942", "mock", "direct"]
    with pytest.raises(SimulateError, match="--meter: .* was made with bl0942, not with cse7766"):
        prepare(options(tmp_path, meter="cse7766"))
    with pytest.raises(SimulateError, match="--reader: .* was made with mock, not with pn532"):
        prepare(options(tmp_path, reader="pn532"))
    with pytest.raises(SimulateError, match="--power: must be mock, openevse, direct"):
        prepare(options(tmp_path, power="solar"))
    with pytest.raises(SimulateError, match="--meter: openevse is a part of --power openevse"):
        prepare(options(tmp_path / "b", meter="openevse", power="direct"))


def test_a_command_for_what_is_not_there_is_refused(simulator):
    client = simulator(meter="cse7766", power="direct").client
    for command, members, said in (
        ("bus", {"of": "reader", "fault": "cut"}, "of: the reader has no bus"),
        ("bus", {"of": "power", "fault": "flip"}, "fault: this bus can have cut, high, low"),
        ("bus", {"of": "clock", "fault": "cut"}, "of: must be one of meter, power, reader"),
        (
            "bus",
            {"of": "meter", "fault": "x"},
            "fault: must be one of ok, cut, drop, flip, foreign, hang, high, late, low, stretch",
        ),
        ("meter", {"fault": "zero"}, "do: only with --meter mock; see bus"),
        ("board", {"fault": "ground"}, "do: only with --power mock; see bus"),
    ):
        with pytest.raises(CommandError) as caught:
            client.do(command, **members)
        assert str(caught.value) == said


def test_a_mock_has_no_bus(simulator):
    with pytest.raises(CommandError, match="of: the meter is a mock and has no bus"):
        simulator().client.do("bus", of="meter", fault="cut")
