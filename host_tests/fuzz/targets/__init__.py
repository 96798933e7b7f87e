"""What a case means, one module a parser; each has `make()`, which gives its Target.

A charger-side target runs on MicroPython too, so it imports nothing of the desk; `seeds()` are its real
messages, for a desk that begins without kept cases.
"""


class Target:
    """One parser under fuzz.

    name; packages: what is marked for coverage; shape: see mutate.Mutator; words: more tokens;
    lines: whole lines to be put into a case; least: cases that a short run does whatever it takes;
    often: how often `further` is asked without a reason.
    """

    name = ""
    packages = ("agent", "firmware", "hal.volume")
    shape = "bytes"
    words = ()
    lines = ()
    least = 200
    often = 0.0

    def seeds(self):
        """Real cases: [bytes]."""
        raise NotImplementedError

    def run(self, case):
        """Live a case, and hold what comes of it to the laws; any exception is a find.

        Returns words of what it came to: a word that is new is a reason to look further.
        """
        raise NotImplementedError

    def fresh_line(self, dice, line):
        """A line (or two) in place of this one, as only the target can make it; None: as anybody can."""
        return None

    def further(self):
        """Slow questions about what the last `run` has left, asked when it reached something new."""
