"""A charger and a service that go through all that has to do with cards, and with what goes wrong."""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from typer.testing import CliRunner

from agent import jws
from host_tests.leaks.channels import Channels, Wire
from tools.cloud.cli import app
from tools.cloud.service import Service
from tools.setup.places import ROOT
from tools.simulate.client import Simulator
from tools.simulate.errors import CommandError
from tools.simulate.launch import Options

CHARGER = "CH-1"
START_S = 1614593000  # 2021-03-01 10:03:20Z
PATIENCE_S = 30
MASTER = bytes.fromhex("9c41f7e2ab03d65e1188c07b52f4aa90d37e65b1c82f0946ed15a7337bc9e804")
CARDS = {
    "anna's": "04A1B7C94D5EF3",
    "bo's": "9BC1D7E5",
    "carl's, blocked": "04F7C3A95D61E8",
    "dora's, double": "04B3D98C7A6F5E4BC2A9",
    "a stranger's": "04C9FE87A6D35B",
    "one of four bytes": "C7A59E3D",
    "a random one": "08F3B7C9",
    "one that is put on the list later": "04E9D8C7B6A5F4",
    "one that nobody can read": "04D7B3F1A9C8E6",
    "one with a broken reader": "04AB9CF8D7E6C5",
    "one typed wrongly": "04FAE7D6C5B4A3",
}
SECRETS = {name: bytes.fromhex(uid) for name, uid in CARDS.items()}
KEYS = {"the master key": MASTER}
KEYS.update(
    {"the key %r" % use: jws.Keys(MASTER).key(use) for use in ("up", "down", "grant", "card")}
)


class Story:
    """Lives it in `folder`, with a broker that runs; what went out is in `out`."""

    def __init__(self, folder: Path, broker):
        self.out = Channels()
        self._folder = folder
        self._broker = broker
        self._address = "%s:%d" % (broker.host, broker.port)
        self._db = "sqlite:///%s/cloud.db" % folder
        self._runner = CliRunner(
            env={"PPM_DB": self._db, "PPM_BROKER": self._address, "COLUMNS": "200"}
        )
        self._service = Service(self._db, lambda: START_S)
        self._service.register(CHARGER, MASTER.hex())

    def live(self) -> None:
        """From the first start to the last view."""
        wire = Wire(self.out, self._broker.host, self._broker.port)
        words = [sys.executable, "-m", "tools.cloud", "receive", "--verbose", "--follow"]
        words += ["--db", self._db, "--broker", self._address]
        receiving = subprocess.Popen(
            words,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "NO_COLOR": "1"},
        )
        options = Options(
            charger=CHARGER,
            broker=(self._broker.host, self._broker.port),
            state=self._folder / "state",
            key=MASTER.hex(),
            speed=0,
            start_unix=START_S,
        )
        simulator = Simulator(options)
        try:
            with simulator:
                self._commission(simulator)
                self._cards(simulator)
                self._list_changes(simulator)
                self._hostile(simulator, wire)
                self._breaks(simulator)
                self._views()
        finally:
            wire.close()
            receiving.terminate()
            self.out.add("service log", receiving.communicate(timeout=PATIENCE_S)[0])
            self.out.add("console", "\n".join(simulator.lines))
        self.out.add("console", self._broker.log.read_bytes())
        # start.json is what an installer gives to a charger: the key is in it, and only its owner reads it
        self.out.add_files("files", self._folder / "state", ("flash.img", "start.json"))
        start = json.loads((self._folder / "state" / "start.json").read_text())
        assert start.pop("key") == MASTER.hex()
        self.out.add("files", json.dumps(start))
        self._service.close()

    # ---- what happens

    def _commission(self, simulator) -> None:
        self._cli(
            "enable",
            CHARGER,
            "--actor",
            "u-9",
            "--role",
            "superadmin",
            "--plan",
            "business",
            "--accept",
        )
        self._cli("tariff", CHARGER, "T-1", "--energy", "0.40")
        table = self._folder / "cards.csv"
        rows = ["user,uid,status", "anna,%s," % CARDS["anna's"], "bo,%s," % CARDS["bo's"]]
        rows += [
            "dora,%s," % CARDS["dora's, double"],
            "carl,%s,blocked" % CARDS["carl's, blocked"],
        ]
        table.write_text("\n".join(rows) + "\n")
        self._cli("subscribe", CHARGER, "--csv", str(table))
        self._wait(
            "the list",
            lambda one: one.list_applied == 1 and one.config_applied == one.config_version,
        )

    def _cards(self, simulator) -> None:
        client = simulator.client
        for name in ("a stranger's", "carl's, blocked", "one of four bytes", "a random one"):
            for _ in range(2):
                self._tap(client, CARDS[name])
        for reader in ("two_cards", "dead"):
            client.do("reader", fault=reader)
            self._tap(client, CARDS["one that nobody can read"])
        client.do("reader", fault="ok")
        for name in ("anna's", "bo's", "dora's, double"):
            self._tap(client, CARDS[name])
            client.do("plug", max_a=16, a=16)
            self._advance(client, 600)
            self._tap(client, CARDS["a stranger's"])  # busy
            self._advance(client, 60)
            self._tap(client, CARDS[name])
            self._advance(client, 10)
            client.do("unplug")
            self._advance(client, 120)
        for wrong in (CARDS["one typed wrongly"] + "0", CARDS["one typed wrongly"].lower() + "zz"):
            try:
                client.do("tap", uid=wrong)
                raise AssertionError("a UID of odd length was taken")
            except CommandError as error:
                self.out.add("control port", str(error))
        self._advance(client, 3700)  # what was counted of refused cards is told

    def _list_changes(self, simulator) -> None:
        later = CARDS["one that is put on the list later"]
        before = self._service.charger(CHARGER).list_version
        self._tap(simulator.client, CARDS["anna's"])
        simulator.client.do("plug", max_a=16, a=16)
        self._advance(simulator.client, 60)
        self._cli("subscribe", CHARGER, "emil", later)
        self._cli("unsubscribe", CHARGER, "anna")
        self._wait("the new list", lambda one: one.list_applied == before + 2)
        self._tap(simulator.client, later)
        self._advance(simulator.client, 60)
        simulator.client.do("unplug")
        self._advance(simulator.client, 60)
        self._tap(simulator.client, CARDS["anna's"])
        typed = CARDS["one typed wrongly"]
        colons = ":".join(typed[i : i + 2] for i in range(0, 14, 2))
        for uid in (typed + "1", colons + ":0", typed.lower() + "g", typed[:-1]):
            self._cli("subscribe", CHARGER, "fred", uid, code=1)
        self._cli("subscribe", CHARGER, "fred", later, code=1)  # somebody else's
        self._cli("unsubscribe", CHARGER, "fred", typed, code=1)
        self._cli("unsubscribe", CHARGER, "fred", typed + "x", code=1)
        bad = self._folder / "bad.csv"
        bad.write_text("user,uid,until\nfred,%s,soon\n" % typed)
        self._cli("subscribe", CHARGER, "--csv", str(bad), code=None)
        bad.write_text("user,uid\nfred,%s9\n" % typed)
        self._cli("subscribe", CHARGER, "--csv", str(bad), code=1)
        bad.write_text("user,uid,status\nfred,%s,%s\n" % (typed, typed))
        self._cli("subscribe", CHARGER, "--csv", str(bad), code=None)

    def _hostile(self, simulator, wire) -> None:
        """Messages with cards in them that are refused: the answer names the member, never the card."""
        typed = CARDS["one typed wrongly"]
        put = {"uid": typed, "user": "fred", "billing": "ppm"}
        lists = (
            {"version": 90, "base": None, "part": 1, "parts": 1, "put": [put], "sha256": "0" * 64},
            {
                "version": 90,
                "base": None,
                "part": 1,
                "parts": 1,
                "put": [{**put, "uid": typed + "0"}],
            },
            {"version": 90, "base": None, "part": 1, "parts": 1, "put": [{**put, "type": typed}]},
            {
                "version": 90,
                "base": None,
                "part": 1,
                "parts": 1,
                "put": [put],
                "sha256": typed * 5,
            },
            {
                "version": 90,
                "base": None,
                "part": 1,
                "parts": 1,
                "put": [put, put],
                "del": [typed],
            },
        )
        keys = jws.Keys(MASTER)
        for message in lists:
            payload = json.dumps({"aud": CHARGER, **message}).encode()
            wire.publish("ppm/v1/CH-1/list", bytes(keys.sign("down", "list+jws", payload)))
        wire.publish("ppm/v1/CH-1/list", b"%s.%s.%s" % ((typed.encode(),) * 3))
        wire.publish("ppm/v1/CH-1/list", typed.encode() * 700)  # too long to be taken
        for leaf in ("record", "reply", "status"):
            wire.client.publish("ppm/v1/CH-9/" + leaf, b"{}", qos=1)
        answers = 7
        self._until("answers", lambda: self.out.said["mqtt reply"].count(b'"refused"') >= answers)
        self._advance(simulator.client, 60)

    def _breaks(self, simulator) -> None:
        client = simulator.client
        client.do("reader", fault="raises")
        client.do("tap", uid=CARDS["one with a broken reader"])
        self._until(
            "the crash", lambda: any(line.startswith("crash: ") for line in simulator.lines)
        )
        client.wait_ready(PATIENCE_S)
        client.do("reader", fault="ok")
        self._advance(client, 60)
        self._tap(client, CARDS["bo's"])
        client.do("plug", max_a=16, a=16)
        self._advance(client, 300)
        simulator.restart(dark_s=60)  # a power cut in the session
        client = simulator.client
        self._advance(client, 60)
        client.do("unplug")
        self._advance(client, 60)
        client.do("flash", fault="io")
        self._tap(client, CARDS["bo's"])
        client.do("plug", max_a=16, a=16)
        self._advance(client, 5)
        self._until("the fault", lambda: b"store_fault" in self.out.said["mqtt status"])
        with contextlib.suppress(OSError):  # it restarts: only a boot can trust flash again
            self._advance(client, 200)
        client.wait_ready(PATIENCE_S)
        self.out.add("control port", json.dumps([client.world(), client.status()]))

    def _views(self) -> None:
        for form in ("table", "csv", "json"):
            self._cli("statement", "--month", "2021-03", "--format", form)
        self._cli("records", CHARGER)
        self._cli("records", CHARGER, "--format", "json")
        for words in (
            ("chargers",),
            ("list", CHARGER),
            ("orders", CHARGER),
            ("rejected",),
            ("settings", CHARGER),
        ):
            self._cli(*words)
        self._cli("gaps", code=None)

    # ---- how

    def _tap(self, client, uid: str) -> None:
        self.out.add("control port", json.dumps(client.do("tap", uid=uid)))
        self._advance(client, 5)

    def _advance(self, client, seconds: int) -> None:
        self.out.add("control port", json.dumps(client.advance(seconds, settle=True)))
        self.out.add("control port", json.dumps([client.world(), client.status()]))

    def _cli(self, *words: str, code: int | None = 0) -> None:
        done = self._runner.invoke(app, list(words))
        self.out.add("command line", done.output)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert code is None or done.exit_code == code, (words, done.output)

    def _wait(self, what: str, ready) -> None:
        self._until(what, lambda: ready(self._service.charger(CHARGER)))

    def _until(self, what: str, ready) -> None:
        limit = time.monotonic() + PATIENCE_S
        while not ready():
            assert time.monotonic() < limit, "%s: not within %d s" % (what, PATIENCE_S)
            time.sleep(0.02)
