"""The simulator's control port: lines cut anywhere, answered one by one; a refused one changes nothing.

first byte       the pieces that the bytes come in
the rest         what a client sends
"""

import json

from boards.sim.commands import COMMANDS
from boards.sim.control import ControlPort
from hal.mock.world import World
from host_tests.fuzz.targets import Target

_GOOD = (
    b'{"do":"plug","max_a":16,"phases":3,"a":9.5,"wh":100}',
    b'{"do":"demand","a":10,"wh":6146}',
    b'{"do":"tap","uid":"04A2B3C4D5E6F7"}',
    b'{"do":"cut","dark_s":600}',
    b'{"do":"clock","jump_s":-3600,"source":false}',
    b'{"do":"advance","s":60,"settle":true}',
    b'{"do":"meter","fault":"jump","wh":9}',
)


class _Indicator:
    word = "locked"


class _Flash:
    broken = False


class _Board:
    """As much of boards.sim.board.SimBoard as the port uses; `world` is the real one."""

    def __init__(self):
        self.world = World(1700000000)
        self.indicator = _Indicator()
        self.flash = _Flash()
        self.pacer = self
        self.hardware = None  # all of it is mock
        self.cuts = 0

    async def advance(self, ms, settle):
        assert isinstance(ms, int) and 0 <= ms <= 3653 * 86400000
        assert settle in (None, True, False)
        return ""

    def belief(self):
        return {"permit_ma": 0}

    def switch_power(self, on):
        assert on is True or on is False
        self.cuts += 1

    def cut(self, dark_s):
        assert isinstance(dark_s, int) and 0 <= dark_s <= 3653 * 86400
        self.cuts += 1

    def save(self):
        json.dumps(self.world.to_dict())

    def after_answer(self):
        pass


class _Pipe:
    """Reader and writer of one client."""

    def __init__(self, data, step, hear):
        self._data = data
        self._step = step
        self._hear = hear
        self.closed = False

    async def read(self, most):
        part = self._data[: min(most, self._step)]
        self._data = self._data[len(part) :]
        return part

    def write(self, data):
        self._hear(bytes(data))

    async def drain(self):
        pass

    def close(self):
        self.closed = True

    async def wait_closed(self):
        pass


class Control(Target):
    name = "control"
    packages = ("boards.sim.commands", "boards.sim.control", "hal.mock.world")
    shape = "lines"
    lines = _GOOD
    words = tuple(COMMANDS)

    def seeds(self):
        return [
            b"\xff" + b"\n".join(_GOOD) + b"\n",
            b"\x10" + b"\n".join(b'{"do":"%s"}' % do.encode() for do in COMMANDS) + b"\n",
            b"\xff" + b"[" * 1000 + b"\n" + b"x" * 1500 + b"\n" + b'{"do":"ping"}\n',
            b'\xff\xff\xfe\n\n[1]\n{"do":"plug","max_a":1e999}\n{"do":"tap","uid":"\xc3\xa9\xc3\xa9"}\n',
        ]

    def run(self, case):
        board = _Board()
        said = []
        seen = [board.world.to_dict(), board.cuts, board.flash.broken]

        def hear(data):
            assert data.endswith(b"\n") and data.count(b"\n") == 1
            assert min(data) >= 10 and max(data) < 127, data
            answer = json.loads(data)
            now = [board.world.to_dict(), board.cuts, board.flash.broken]
            if "error" in answer:
                assert now == seen, "refused, and changed: %s" % answer["error"]
                assert len(data) < 700
                said.append(answer["error"].split(": ")[-1][:24])
            else:
                said.append("ok")
            seen[:] = now

        pipe = _Pipe(case[1:], 1 + (case[0] if case else 0), hear)
        serving = ControlPort(board)._serve(pipe, pipe)
        try:
            serving.send(None)
            raise AssertionError("it waits for something")
        except StopIteration:
            pass
        assert pipe.closed
        lines = case[1:].count(b"\n")
        assert len(said) <= lines + 1, "%d answers to %d lines" % (len(said), lines)
        return said


make = Control
