"""The control port: one JSON object a line in, one a line out. Loopback only, no password."""

import asyncio
import json

from boards.sim.commands import BadCommand, act, parse, truth
from boards.sim.pace import Busy

_LINE_BYTES = 1024


class ControlPort:
    """Serves commands to a `SimBoard`."""

    def __init__(self, board):
        self._board = board

    async def open(self, host, port):
        """Listen. OSError when the port cannot be had."""
        self._server = await asyncio.start_server(self._serve, host, port, backlog=16)

    async def _serve(self, reader, writer):
        rest = b""
        dropping = False  # inside a line that was refused for its length
        try:
            while True:
                chunk = await reader.read(256)
                if not chunk:
                    break
                lines = (rest + chunk).split(b"\n")
                rest = lines.pop()
                for line in lines:
                    if not dropping:
                        await self._send(writer, await self._answer(line))
                        self._board.after_answer()
                    dropping = False
                if len(rest) > _LINE_BYTES or dropping:
                    if not dropping:
                        await self._send(
                            writer, {"error": "command: longer than %d" % _LINE_BYTES}
                        )
                    rest = b""
                    dropping = True
        except OSError:
            pass
        writer.close()
        try:
            await writer.wait_closed()
        except OSError:
            pass

    async def _send(self, writer, answer):
        writer.write((json.dumps(answer) + "\n").encode())
        await writer.drain()

    async def _answer(self, line):
        try:
            try:
                message = json.loads(line.decode())
            except (ValueError, RuntimeError):  # the latter: nested without end
                raise BadCommand("command: not JSON")
            do, members = parse(message)
            return await self._do(do, members)
        except BadCommand as exc:
            return {"error": str(exc)}

    async def _do(self, do, members):
        board = self._board
        world = board.world
        if do == "world":
            answer = truth(world)
            answer["indicator"] = board.indicator.word
            return answer
        if do == "status":
            return board.belief()
        if do == "advance":
            try:
                problem = await board.pacer.advance(members["s"] * 1000, members["settle"])
            except Busy:
                raise BadCommand("do: another advance is being served")
            if problem:
                raise BadCommand(problem)
            return {"ok": True, "virtual_s": world.now_ms / 1000}
        if do == "power":
            board.switch_power(members["on"])
        elif do == "cut":
            board.cut(members["dark_s"] or 0)
        elif do == "bus":
            self._switch_bus(members["of"], members["fault"])
        elif do == "flash":
            board.flash.broken = members["fault"] != ""
        else:
            if do in ("meter", "reader", "board") and members["fault"]:
                self._only_mock("power" if do == "board" else do)
            act(world, do, members)
        board.save()
        return {"ok": True}

    def _only_mock(self, role):
        if getattr(self._board.hardware, role, None):
            raise BadCommand("do: only with --%s mock; see bus" % role)

    def _switch_bus(self, of, fault):
        hardware = self._board.hardware
        if not hardware:
            raise BadCommand("of: the %s is a mock and has no bus" % of)
        try:
            hardware.switch(of, fault)
        except ValueError as exc:
            raise BadCommand(str(exc))
