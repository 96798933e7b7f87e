"""A fault that only a person ends, kept over a boot: one word in a file of the volume."""

PATH = "power"
WORDS = ("welded", "residual_current")


class Latch:
    """word: "" or one of WORDS. `set` is instant; flash is written by `keep`, in a turn of its own."""

    def __init__(self):
        self.word = ""
        self._volume = None
        self._kept = ""

    def begin(self, volume):
        """Take over what is kept. A volume that cannot be read says nothing: a weld is found again."""
        self._volume = volume
        try:
            kept = volume.read(PATH)
        except OSError:
            return
        for word in WORDS:
            if kept == word.encode():
                self._kept = word
                self.word = self.word or word

    def set(self, word):
        """Latch `word`. The first stays."""
        self.word = self.word or word

    def clear(self):
        """A person has looked at it."""
        self.word = ""

    def keep(self):
        """Make flash say the same; tried again at the next change where the volume fails."""
        if self.word == self._kept or self._volume is None:
            return
        self._kept = self.word
        try:
            if self.word:
                self._volume.write(PATH, self.word.encode())
            else:
                self._volume.remove(PATH)
        except OSError:
            pass
