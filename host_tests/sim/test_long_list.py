"""Ten thousand subscribers and then a difference, over a real broker, at a charger that charges."""

import json
import time

import pytest

from tools.cloud import jws, listsend
from tools.cloud.mqtt import Broker
from tools.cloud.receiver import Receiver
from tools.cloud.service import Service
from tools.setup import brokers, interpreters
from tools.simulate import Options, Simulator

CHARGER = "CH-1"
KEY = "00112233445566778899aabbccddeeff" * 2
COUNT = 10_000
CHANGED = 100
LIMIT_S = 420  # for each update; it is there so that a hung one ends
ANNA = "04A2B3C4D5E6F7"


def uid_of(n):
    return f"04{n * 104729:012X}"


def until(what, ready, limit_s=LIMIT_S):
    end = time.monotonic() + limit_s
    while not ready():
        assert time.monotonic() < end, what
        time.sleep(0.1)


class Field:
    """A broker, the service and one charger with a board's heap and a volume for 10,000 subscribers."""

    def __init__(self, folder, broker):
        self.service = Service(f"sqlite:///{folder / 'cloud.db'}", lambda: int(time.time()))
        self.service.register(CHARGER, KEY)
        self.receiver = Receiver(self.service, Broker.parse(f"{broker.host}:{broker.port}"))
        self.receiver.start()
        self.charger = Simulator(
            Options(
                charger=CHARGER,
                broker=(broker.host, broker.port),
                state=folder / "charger",
                key=KEY,
                flash_kib=3072,
            )
        )
        self.charger.start()

    def publish(self, down):
        self.receiver.publish(CHARGER, down)

    def note_parts(self):
        """The list parts that the service publishes from now on, as they go: a list that grows."""
        sent, publish = [], self.receiver.publish

        def noting(charger_id, down):
            sent.extend(jws.peek(one.payload)["part"] for one in down if one.leaf == "list")
            publish(charger_id, down)

        self.receiver.publish = noting
        return sent

    def applied(self):
        charger = self.service.charger(CHARGER)
        return charger.list_version and charger.list_applied == charger.list_version

    def close(self):
        self.charger.stop()
        self.receiver.stop()
        self.service.close()


@pytest.fixture
def field(tmp_path):
    if not interpreters():
        pytest.fail("no MicroPython to run the charger on")
    with brokers.start("mosquitto", tmp_path) as broker:
        made = Field(tmp_path, broker)
        yield made
        made.close()


def test_ten_thousand_arrive_in_mid_session_and_a_difference_too(field):
    service, client = field.service, field.charger.client
    down = service.enable(CHARGER, actor="u-9", role="superadmin", plan="business")
    down += service.tariff(CHARGER, "T-1", "EUR", energy="0.40")
    down += service.subscribe(CHARGER, "anna", ANNA)
    field.publish(down)
    until("the first list", field.applied)
    client.do("tap", uid=ANNA)
    client.do("plug", max_a=16, a=16)
    until("the session", lambda: client.world()["contactor"], 30)
    session = client.status()["session"]
    began_wh = client.world()["energy_wh"]

    told = {}
    people = [{"user": f"u-{n}", "uid": uid_of(n)} for n in range(COUNT)]
    for what, change in (
        ("whole", lambda: service.subscribe_many(CHARGER, people)),
        (
            "difference",
            lambda: service.subscribe_many(
                CHARGER, [one | {"status": "blocked"} for one in people[:CHANGED]]
            ),
        ),
    ):
        began = time.monotonic()
        field.publish(change())
        steady = []
        until(what, lambda s=steady: s.append(client.world()["contactor"]) or field.applied())
        told[what] = time.monotonic() - began
        assert all(steady), "the session was touched"
        assert client.status()["session"] == session
    until(
        "the status",
        lambda: json.loads(service.charger(CHARGER).status)["list"]["count"] == COUNT + 1,
        30,
    )
    refused = [one for one in field.charger.lines if "crash" in one]
    assert not refused, refused
    listed = json.loads(service.charger(CHARGER).status)["list"]
    assert listed["version"] == 3 and "waits" not in listed

    client.do("unplug")
    until("the end", lambda: not client.status()["session"], 60)
    until("the records", lambda: client.status()["unsent"] == 0, 60)
    (end,) = service.records(CHARGER, kind="session_end")
    world = client.world()
    assert (end["session"], end["user"], end["flags"]) == (session, "anna", [])
    assert end["energy_wh"] == end["reg_end_wh"] - end["reg_begin_wh"]
    assert abs(end["energy_wh"] - (world["energy_wh"] - began_wh)) <= 1 and end["energy_wh"] > 0
    assert end["seconds"]["evse_suspended"] == end["seconds"]["outage"] == 0
    applied = [one["version"] for one in service.records(CHARGER, kind="list_applied")]
    assert applied == [1, 2, 3]

    for uid, state in ((uid_of(3), "available"), (uid_of(CHANGED + 3), "authorized")):
        client.do("tap", uid=uid)
        until(state, lambda s=state: client.status()["indication"] == s, 10)
    heap = [one for one in field.charger.lines if one.startswith("heap:")]
    print(f"whole list {told['whole']:.1f} s, difference {told['difference']:.1f} s; {heap[-1]}")


def test_a_power_cut_in_a_long_list_costs_no_more_than_what_was_on_its_way(field):
    service = field.service
    until("the charger", lambda: service.charger(CHARGER).online, 30)
    sent = field.note_parts()
    people = [{"user": f"u-{n}", "uid": uid_of(n)} for n in range(1500)]
    field.publish(service.subscribe_many(CHARGER, people))
    for part in (20, 45):
        until("parts", lambda p=part: service.charger(CHARGER).list_part > p)
        field.charger.restart(dark_s=5)  # SIGKILL
    until("the list", field.applied)
    parts = 1500 // 20
    print(f"{parts} parts, two cuts, {len(sent)} sent")
    assert sorted(set(sent)) == list(range(1, parts + 1))
    # what it had before a cut is not sent again; what was on its way is, once more when it comes online
    assert all(sent.count(part) == 1 for part in range(1, 21))
    assert len(sent) <= parts + 2 * 2 * listsend.WINDOW
    status = json.loads(service.charger(CHARGER).status)
    assert status["list"]["count"] == 1500 and status["faults"] == []
