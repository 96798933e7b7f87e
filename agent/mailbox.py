"""Messages that are not records: replies, a question, the status, telemetry. Bounded; the newest status wins."""

import json

from .const import const

_REPLIES = const(12)


class Mailbox:
    """What waits to be published besides records.

    `status_due` is set whenever the status may have changed; telemetry holds at most one message.
    """

    def __init__(self):
        self._replies = []
        self._question = None
        self.status_due = False
        self._telemetry = None
        self.replies_lost = 0

    @property
    def waiting(self):
        """Whether `take` would give something, the status apart."""
        return bool(self._replies) or bool(self._question or self._telemetry)

    def reply(self, answer):
        """Queue an answer (dict). When the link is down for long the oldest gives way and is counted."""
        if len(self._replies) >= _REPLIES:
            self._replies.pop(0)
            self.replies_lost += 1
        answer["v"] = 1
        self._replies.append(json.dumps(answer).encode())

    def ask(self, question):
        """Offer a signed question about a card, at once; None takes it back if it has not left."""
        self._question = question

    def telemetry(self, values):
        """Offer live values (dict); an older offer that was not sent is replaced."""
        values["v"] = 1
        self._telemetry = json.dumps(values).encode()

    def take_reply(self):
        """The question or the oldest reply as (leaf, payload, qos, retain), or None."""
        if self._question is not None:
            question, self._question = self._question, None
            return "ask", question, 1, False
        if not self._replies:
            return None
        return "reply", self._replies.pop(0), 1, False

    def take_telemetry(self):
        """The telemetry on offer as (leaf, payload, qos, retain), or None."""
        payload, self._telemetry = self._telemetry, None
        return None if payload is None else ("telemetry", payload, 0, False)
