"""The list task: carries a subscriber list's update on, so that neither control nor link waits for it."""

from hal.aio import sleep_ms

BUSY_MS = 2  # between two slices: the other tasks have their turn
IDLE_MS = 100


class Lister:
    """agent: its `busy` says that there is work, its `work` does a little of it."""

    def __init__(self, agent, uptime):
        self._agent = agent
        self._uptime = uptime
        agent.has_worker = True

    def step(self):
        """Do a slice where there is one; how long to wait for the next, in ms of real time."""
        if not self._agent.busy:
            return IDLE_MS
        self._agent.work(self._uptime.now_ms())
        return BUSY_MS

    async def run(self):
        """Step for ever."""
        while True:
            await sleep_ms(self.step())
