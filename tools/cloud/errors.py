"""What can go wrong, in words that say what to do about it."""


class CloudError(Exception):
    """A request cannot be carried out; the text is for the person who asked."""


class Refused(Exception):
    """A message from a charger is not taken: `reason` is a word, `detail` is for people."""

    def __init__(self, reason: str, detail: str = ""):
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
