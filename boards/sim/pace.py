"""How the world's time passes: with the real clock, faster, or as fast as the machine goes.

The control task calls `pause` between two of its steps. With a speed of 1 that is 50 ms. Otherwise
time jumps to the next instant at which the agent or the world has something to do by itself, and
after everything that the charger can sense one short step is made, as a board would.
"""

import asyncio

from hal.aio import sleep_ms, ticks_diff, ticks_ms

STEP_MS = 50
MAX = 0  # speed: time stands still, and runs freely while `advance` is served

_STAND_MS = 20
_HOLD_MS = 2
_PATIENCE_MS = 1000  # real time that records may take before the world's time runs on meanwhile
_SETTLE_LIMIT_MS = 120000


class Busy(Exception):
    """Another `advance` is being served."""


class Pacer:
    """Moves `world`; calls `save()` after each move.

    speed: world seconds per real second, or `MAX`. unsettled: a function that returns how many
    records still wait for the service, 0 when nobody can be waited for. pass_ms: see
    boards.sim.hardware, where real drivers need their turns.
    """

    def __init__(self, world, save, speed, unsettled, pass_ms=None):
        self._world = world
        self._save = save
        self._speed = speed
        self._unsettled = unsettled
        self._pass_ms = pass_ms
        self._seen = world.changes
        self._real = ticks_ms()
        self._owed_ms = 0
        self._sleepers = []
        self._goal_ms = -1
        self._settle = False
        self._done = None
        self._problem = ""
        self._held = 0
        self._held_since = 0
        self._held_step = 0

    async def pause(self, due_ms):
        """Wait for the next step of the control task, see `hal.ports.Board.pause_ms`."""
        if self._goal_ms >= 0:
            await self._towards_goal(due_ms)
        elif self._speed == MAX:
            await self._stand()
        elif self._speed == 1:
            await sleep_ms(STEP_MS)
            self._world.step(self._world.now_ms + self._elapsed_ms())
            self._save()
        else:
            await self._scaled(due_ms)
        if self._sleepers:
            self._wake()

    async def wait(self, ms):
        """Sleep `ms` of the world's time, or of real time where that is sooner over."""
        done = asyncio.Event()
        self._sleepers.append((self._world.now_ms + ms, ticks_ms(), ms, done))
        await done.wait()

    async def advance(self, ms, settle):
        """Let `ms` pass as fast as possible.

        settle: hold the time while records wait for the service, and wait for them at the end.
        Return "" or what went wrong. Raises `Busy`.
        """
        if self._goal_ms >= 0:
            raise Busy()
        self._goal_ms = self._world.now_ms + ms
        self._settle = settle
        self._problem = ""
        self._held = 0
        self._done = asyncio.Event()
        await self._done.wait()
        return self._problem

    async def _towards_goal(self, due_ms):
        # The other tasks have their turn before the jump: after it the control task is the first to
        # run, as it would have been all the while, so nobody sees a time without its readings.
        await sleep_ms(0)
        waiting = self._unsettled() if self._settle else 0
        left = self._goal_ms - self._world.now_ms
        if waiting:
            await self._hold(waiting)
        elif left > 0:
            self._held = 0
            self._jump(due_ms, left)
        else:
            self._finish("")

    async def _hold(self, waiting):
        await sleep_ms(_HOLD_MS)
        now = ticks_ms()
        if waiting != self._held:
            self._held = waiting
            self._held_since = self._held_step = now
            return
        held_ms = ticks_diff(now, self._held_since)
        if held_ms > _SETTLE_LIMIT_MS:
            self._finish("settle: %d records are not acknowledged" % waiting)
        elif held_ms > _PATIENCE_MS and ticks_diff(now, self._held_step) >= STEP_MS:
            self._held_step = now
            self._jump(STEP_MS, STEP_MS)

    def _finish(self, problem):
        self._goal_ms = -1
        self._problem = problem
        self._owed_ms = 0
        self._elapsed_ms()
        self._done.set()

    async def _stand(self):
        # Short naps: a command, or a card at the reader, is answered at once.
        for _ in range(_STAND_MS // 4):
            await sleep_ms(4)
            if self._goal_ms >= 0 or self._world.changes != self._seen:
                break
        self._seen = self._world.changes

    async def _scaled(self, due_ms):
        self._owed_ms += self._elapsed_ms() * self._speed
        if self._owed_ms < STEP_MS:
            await sleep_ms(STEP_MS)
            self._owed_ms += self._elapsed_ms() * self._speed
        else:
            await sleep_ms(0)
        # A machine that is too slow for the speed falls behind; it does not hurry for ever after.
        self._owed_ms = min(self._owed_ms, 1000 * self._speed)
        if self._owed_ms >= 1:
            self._owed_ms -= self._jump(due_ms, int(self._owed_ms))

    def _jump(self, due_ms, most_ms):
        world = self._world
        if self._pass_ms:
            ms = self._pass_ms(due_ms, most_ms)
            self._save()
            return ms
        ms = STEP_MS
        if world.changes == self._seen:
            ms = max(ms, world.skip_ms(due_ms))
        self._seen = world.changes
        ms = min(ms, most_ms)
        world.step(world.now_ms + ms, leased=True)
        self._save()
        return ms

    def _elapsed_ms(self):
        now = ticks_ms()
        ms = ticks_diff(now, self._real)
        self._real = now
        return ms

    def _wake(self):
        now_ms = self._world.now_ms
        real = ticks_ms()
        asleep = []
        for sleeper in self._sleepers:
            due_ms, since, ms, done = sleeper
            if now_ms >= due_ms or ticks_diff(real, since) >= ms:
                done.set()
            else:
                asleep.append(sleeper)
        self._sleepers = asleep
