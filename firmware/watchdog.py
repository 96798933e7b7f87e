"""Feeds the hardware watchdog, only while every critical task gets on."""

CHECK_MS = 1000


class Watchdog:
    """names: the critical tasks. Each calls `beat` in every round."""

    def __init__(self, board, names):
        self._board = board
        self._late = dict.fromkeys(names, True)

    def beat(self, name):
        """Task `name` has made a round."""
        self._late[name] = False

    def check(self):
        """Feed when every task has beaten since the last feeding. Return whether it was fed."""
        for name in self._late:
            if self._late[name]:
                return False
        for name in self._late:
            self._late[name] = True
        self._board.feed_watchdog()
        return True

    async def run(self):
        while True:
            self.check()
            await self._board.wait_ms(CHECK_MS)
