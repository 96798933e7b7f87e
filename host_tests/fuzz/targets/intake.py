"""The billing service, and a charger that says anything: signed records, and what nobody signed.

record|status|reply|telemetry {...}   a record is signed with the charger's key, the others are plain
raw LEAF bytes                        a message as it is
"""

import contextlib
import io
import json
import logging
import sqlite3
from unittest import mock

import typer
from rich.console import Console
from sqlalchemy import inspect

from host_tests.cloud.fake_charger import MASTER, START_S, FakeCharger, compact, opened
from host_tests.fuzz.targets import Target
from tools.cloud import cli_common, cli_views
from tools.cloud.cli_common import Format
from tools.cloud.service import UPLINKS, Service

MONTH = "2021-03"
ANNA = "04A2B3C4D5E6F7"


class _Heard(logging.Handler):
    """What the service logs: the lines, as they would be printed."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


class Intake(Target):
    name = "intake"
    packages = ("tools.cloud",)
    shape = "lines"
    least = 40
    often = 0.02
    words = ("CH-1", "session_begin", "session_end", "month_closed", "2021-03", "anna")

    def __init__(self):
        self._now = START_S + 86400
        self._service = Service("sqlite://", lambda: self._now)
        self._heard = _Heard()
        log = logging.getLogger("tools.cloud")
        log.handlers, log.propagate = [self._heard], False
        log.setLevel(logging.DEBUG)
        service = self._service
        service.register("CH-1", MASTER.hex())
        service.enable("CH-1", actor="u-9", role="superadmin", plan="business")
        service.tariff("CH-1", "T-1", energy="0.40", flat="1")
        service.subscribe("CH-1", "anna", ANNA)
        charger = FakeCharger()
        charger.seq = 0
        for _ in range(2):
            service.take("CH-1", "record", charger.record())
        self._template = sqlite3.connect(":memory:")
        with self._raw() as database:
            database.backup(self._template)
        tables = inspect(service.store._engine).get_table_names()
        self._tables = sorted(tables)

    @contextlib.contextmanager
    def _raw(self):
        connection = self._service.store._engine.raw_connection()
        try:
            yield connection.driver_connection
        finally:
            connection.close()

    def _reset(self):
        with self._raw() as database:
            self._template.backup(database)
        self._heard.lines = []

    def _state(self, but=()):
        with self._raw() as database:
            return {
                t: database.execute("select * from %s" % t).fetchall()
                for t in self._tables
                if t not in but
            }

    def seeds(self):
        charger = FakeCharger()
        charger.seq = 2
        lines = [_line("record", payload) for payload in charger.session(15060, charging=13577)]
        closed = _line("record", charger.month_closed(first_seq=1, last_seq=4))
        charger.seq = 2
        one = _line("record", charger.payload("fault", fault="rcd", on=True))
        reply = {
            "v": 1,
            "id": "x",
            "for": "order",
            "n": 1,
            "result": "refused",
            "reason": "busy",
            "detail": "d",
        }
        config = dict(reply, version=2, result="applied", reason="ok") | {"for": "config"}
        status = b"status " + charger.status(config=2, listed=1, store="full")
        token = charger.record()
        return [
            b"\n".join(lines),
            b"\n".join([*lines, closed]),
            b"\n".join([lines[1], lines[0], lines[1]]),
            one + b"\n" + one.replace(b"rcd", b"ground"),
            status,
            b'status {"v":1,"online":false}\n' + status,
            _line("reply", reply),
            _line("reply", config)
            + b"\n"
            + _line("reply", reply | {"for": "list", "reason": "list_hash"}),
            b"raw record " + token,
            b"raw record " + token[:-3] + b"\nraw record \xff\xfe..",
            _line(
                "record", charger.payload("config_applied", version=9, enabled=True, tariff=None)
            ),
            _line("record", charger.payload("list_applied", version=1, count=1)),
            b'telemetry {"v":1,"session":"CH-1-1","w":1,"wh":2,"a":[1.5],"volt":[230],"limit_ma":6000,'
            b'"time":null,"clock":"U"}',
            b"record " + b"[" * 1200,
            b"status " + b"[" * 1200,
        ]

    def run(self, case):
        self._reset()
        said = []
        for line in case.split(b"\n"):
            word, _, rest = line.partition(b" ")
            leaf, message, ours = "record", line, False
            if word == b"record":
                message, ours = compact(rest), True
            elif word == b"raw":
                leaf, _, message = rest.partition(b" ")
                leaf = leaf.decode("ascii", "replace")
            elif word.decode("ascii", "replace") in UPLINKS:
                leaf, message = word.decode(), rest
            said.append(self._take(leaf, message, ours))
            for text in self._heard.lines:
                assert text.isprintable(), "a charger writes %r into the log" % text
                assert ANNA not in text
                said.append("log " + " ".join(text.split()[:3])[:30])
            self._heard.lines = []
        return said

    def _take(self, leaf, message, ours):
        service = self._service
        before = self._state()
        down = service.take("CH-1", leaf, message)
        after = self._state()
        for one in down:
            assert len(one.payload) <= 8192
            typ, payload = opened(one.payload)
            assert typ == one.leaf + "+jws" and payload["aud"] == "CH-1"
        if leaf == "record":
            upto = [
                row[self._column("upto")] for row in (before["chargers"][0], after["chargers"][0])
            ]
            assert upto[1] >= upto[0], "upto went back"
            if not down:  # not vouched for: it moves nothing
                differs = [t for t in before if t != "rejected" and before[t] != after[t]]
                assert not differs, "an unsigned record moved %s" % differs
            else:
                assert down[0].leaf == "ack"
        assert before["records"] == [row for row in after["records"] if row in before["records"]]
        return "%s %s" % (leaf if leaf in UPLINKS else "?", ",".join(one.leaf for one in down))

    def _column(self, name):
        with self._raw() as database:
            columns = [row[1] for row in database.execute("pragma table_info(chargers)")]
        return columns.index(name)

    def further(self):
        """What people ask afterwards is answered, whatever one charger has said."""
        texts = io.StringIO()
        with asking(self._service, texts):
            for form in Format:
                cli_views.statement(MONTH, output=form, user=None, tz=None, strict=False)
                cli_views.records("CH-1", 1, None, None, form)
            cli_views.chargers()
            cli_views.show_list("CH-1")
            cli_views.rejected("CH-1", retry=True, store_only=True)
            cli_views.orders("CH-1")
            with contextlib.suppress(typer.Exit):
                cli_views.gaps(None)
        for sign in texts.getvalue():
            assert sign == "\n" or sign.isprintable(), "a charger writes %r to a terminal" % sign


@contextlib.contextmanager
def asking(service, texts):
    """The commands of the terminal over this service, and what they print in `texts`."""

    @contextlib.contextmanager
    def opened(_db, _clock):
        yield service

    def console(stderr=False):
        return Console(file=texts, width=150, highlight=False)

    with contextlib.ExitStack() as stack:
        for name, new in (("opened", opened), ("console", console)):
            stack.enter_context(mock.patch.object(cli_common, name, new))
        stack.enter_context(contextlib.redirect_stdout(texts))
        yield


def _line(leaf, payload):
    return ("%s %s" % (leaf, json.dumps(payload))).encode()


make = Intake
