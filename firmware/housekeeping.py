"""The slow chores: the time, the heap, records that nobody names, the reset that somebody ordered."""

import gc

from firmware.silence import Silence
from hal.aio import ticks_diff, ticks_ms

ROUND_MS = 1000
HOUR_MS = 3600000
COLLECT_MS = 600000
RETRY_MS = (5000, 60000)  # the first wait after a failure, and the longest
LEAST_UNIX_MS = 1546300800000  # 2019: an earlier time is none


class Housekeeping:
    """link: the cloud task (`up`: its session stands), None for a charger without one."""

    def __init__(self, board, agent, uptime, link=None):
        self._board = board
        self._agent = agent
        self._uptime = uptime
        self._link = link
        self._fetch_ms = 0
        self._retry_ms = RETRY_MS[0]
        self._collect_ms = COLLECT_MS
        self._silence = Silence()
        self._looked_ms = ticks_ms()  # real time, like everything of the link

    def step(self):
        """Do what is due now."""
        up_ms = self._uptime.now_ms()
        agent = self._agent
        if agent.reset_requested:
            self._board.reset("order")
        if up_ms >= self._fetch_ms:
            self._fetch_time(up_ms)
        if up_ms >= self._collect_ms and not agent.permit_ma:
            gc.collect()
            self._collect_ms = up_ms + COLLECT_MS
        if self._link:
            self._watch_silence(up_ms)

    async def run(self, beat):
        """Step once a second for ever; `beat()` after each."""
        while True:
            self.step()
            beat()
            await self._board.wait_ms(ROUND_MS)

    def _fetch_time(self, up_ms):
        network = self._board.network
        unix_ms = network.fetch_unix_ms() if network.up() else None
        if unix_ms is not None and unix_ms >= LEAST_UNIX_MS:
            self._agent.on_time(up_ms, unix_ms, "S", "sntp")
            self._fetch_ms = up_ms + HOUR_MS
            self._retry_ms = RETRY_MS[0]
            return
        self._fetch_ms = up_ms + self._retry_ms
        self._retry_ms = min(self._retry_ms * 2, RETRY_MS[1])

    def _watch_silence(self, up_ms):
        before_ms, self._looked_ms = self._looked_ms, ticks_ms()
        passed_ms = ticks_diff(self._looked_ms, before_ms)
        if self._silence.over(passed_ms, self._link.up, self._agent.unsent):
            self._agent.on_silence(up_ms)
