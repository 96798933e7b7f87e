"""Words that the code under test knows, for cases to be made of: its constants, and numbers at the edges."""

NUMBERS = (0, 1, -1, 2, 3, 16, 127, 128, 255, 256, 6000, 16000, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32,
           2**63 - 1, 2**64, 10**30, 1546300799, 1546300800, 1614556800, 4102444799, 4102444800)  # fmt: skip
TEXTS = ("", "x", "A" * 24, "A" * 25, "0" * 64, "a" * 65, "\x00", "\n", "\ud800", "\U0001f600", "é", "%s%d",
         "1.5", "-1", "null", "\x1b[1m")  # fmt: skip
LONGEST = 40


class Tokens:
    """words: str, numbers: int, and chunks: bytes that may be put into a case."""

    def __init__(self, constants=(), more=()):
        words = dict.fromkeys(TEXTS)
        numbers = dict.fromkeys(NUMBERS)
        chunks = {}
        for value in (*constants, *more):
            if isinstance(value, bytes):
                chunks[value] = None
            elif isinstance(value, str) and len(value) <= LONGEST:
                # a dotted name stands for its last part, a phrase for its words
                for word in value.rsplit(".", 1)[-1].split():
                    words[word] = None
            elif isinstance(value, int) and not isinstance(value, bool):
                for near in (value - 1, value, value + 1):
                    numbers[near] = None
        self.words = list(words)
        self.numbers = list(numbers)
        self.chunks = [c for c in chunks if 0 < len(c) <= LONGEST] or [b"\x00"]
