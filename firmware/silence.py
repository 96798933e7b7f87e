"""How long a service may say nothing before everything is offered to it again.

The wait doubles each time: a service that is down for a day is not offered the same records four thousand
times, and pays nothing for that when it comes back, because a new session starts from the first wait.
"""

from agent.const import const

FIRST_MS = const(20000)
LONGEST_MS = const(900000)


class Silence:
    """Told every now and then how much time has passed, and how many records are not named yet."""

    def __init__(self):
        self._unsent = 0
        self._wait_ms = FIRST_MS
        self.left_ms = FIRST_MS  # until the silence has lasted too long

    def over(self, passed_ms, up, unsent):
        """Whether to offer everything again now. passed_ms: since the last call; up: the session stands."""
        self.left_ms -= passed_ms
        if not up or not unsent or unsent < self._unsent:
            self.left_ms = self._wait_ms = FIRST_MS
        elif unsent > self._unsent:
            self.left_ms = self._wait_ms
        elif self.left_ms <= 0:
            self.left_ms = self._wait_ms = min(self._wait_ms * 2, LONGEST_MS)
            return True
        self._unsent = unsent
        return False
