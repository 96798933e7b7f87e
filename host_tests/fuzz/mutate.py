"""Changes of a case: to its bytes, to its lines, and to the JSON that a line holds.

A target says which of them fit: `shape` is "bytes", or "lines" for lines that may end in JSON.
"""

import copy
import json

DEEP = (40, 500, 1200)
LONG = (30, 300, 5000, 9000)
MOST_LINES = 12
MOST_BYTES = 12000


class Mutator:
    """dice: random.Random; tokens: Tokens; target: whose cases they are."""

    def __init__(self, dice, tokens, target):
        self.dice = dice
        self.tokens = tokens
        self.shape = target.shape
        self.lines = list(target.lines)
        self._fresh_line = target.fresh_line

    def changed(self, case, other):
        """Another case, made of this one and, at times, of a part of `other`."""
        for _ in range(1 + min(5, int(self.dice.expovariate(0.7)))):
            if self.shape == "lines":
                case = self._lines(case, other)
            else:
                case = self._bytes(case, other)
        return case[:MOST_BYTES]

    # ---- lines

    def _lines(self, case, other):
        dice = self.dice
        lines = case.split(b"\n")
        at = dice.randrange(len(lines))
        roll = dice.random()
        if roll < 0.62:
            lines[at] = self._line(lines[at], other)
        elif roll < 0.70:
            del lines[at]
        elif roll < 0.76:
            lines.insert(at, lines[dice.randrange(len(lines))])
        elif roll < 0.80:
            to = dice.randrange(len(lines))
            lines[at], lines[to] = lines[to], lines[at]
        elif roll < 0.90 and self.lines:
            lines.insert(at, dice.choice(self.lines))
        elif roll < 0.97:
            lines.insert(at, dice.choice(other.split(b"\n")))
        else:
            return self._bytes(case, other)
        return b"\n".join(lines[:MOST_LINES])

    def _line(self, line, other):
        fresh = self._fresh_line(self.dice, line) if self.dice.random() < 0.7 else None
        if fresh is not None:
            return fresh
        start = min(i for i in (line.find(b"{"), line.find(b"["), len(line)) if i >= 0)
        try:
            value = json.loads(line[start:].decode())
        except (ValueError, RecursionError):
            return self._bytes(line, other).replace(b"\n", b"")
        roll = self.dice.random()
        if roll < 0.04:
            return line[:start] + self._text(line[start:])
        if roll < 0.08:
            return self._bytes(line, other).replace(b"\n", b"")
        value = self._json(value, other)
        text = json.dumps(value, ensure_ascii=self.dice.random() < 0.8)
        return line[:start] + text.encode("utf-8", "surrogatepass")

    def _text(self, text):
        """JSON that is spelt in a way that no encoder would."""
        dice = self.dice
        at = dice.randrange(len(text) + 1)
        deep = dice.choice(DEEP)
        odd = dice.choice((
            b" " * dice.choice(LONG), b"," , b"[" * deep, b'{"a":' * deep, b"NaN", b"1e999", b"-", b"\\u", b"\\ud800",
            b"\xef\xbb\xbf", b"\x00", b"9" * dice.choice(LONG), b"0x1", b"//", b"1.", b"'", b"True", b"}", b"]",
            b'"n":1,', b"-0", b".5", b"1E5", b"\xff", b"\xc3\x28", b"\xed\xa0\x80",
        ))  # fmt: skip
        return text[:at] + odd + text[at:]

    # ---- JSON

    def _json(self, value, other):
        value = copy.deepcopy(value)
        holders = list(_holders(value))
        if not holders or self.dice.random() < 0.02:
            return self._value()
        # the outer members decide most: every depth as often as any other
        depth = self.dice.choice(sorted({d for d, _ in holders}))
        holder = self.dice.choice([h for d, h in holders if d == depth])
        if isinstance(holder, dict):
            self._change_object(holder, other)
        else:
            self._change_array(holder, other)
        return value

    def _change_object(self, holder, other):
        dice = self.dice
        key = dice.choice(list(holder)) if holder else None
        roll = dice.random()
        if key is None or roll < 0.20:
            holder[dice.choice(self.tokens.words)] = self._value()
        elif roll < 0.30:
            del holder[key]
        elif roll < 0.35:
            holder[dice.choice(self.tokens.words)] = holder[key]
        elif roll < 0.45:
            holder[key] = self._borrowed(other)
        else:
            holder[key] = self._near(holder[key])

    def _change_array(self, holder, other):
        dice = self.dice
        roll = dice.random()
        if not holder or roll < 0.15:
            holder.insert(dice.randrange(len(holder) + 1), self._value())
            return
        at = dice.randrange(len(holder))
        if roll < 0.30:
            del holder[at]
        elif roll < 0.40:
            holder.insert(dice.randrange(len(holder) + 1), copy.deepcopy(holder[at]))
        elif roll < 0.45:
            holder.extend(copy.deepcopy(holder[at]) for _ in range(dice.choice((3, 20, 70))))
        elif roll < 0.55:
            to = dice.randrange(len(holder))
            holder[at], holder[to] = holder[to], holder[at]
        elif roll < 0.65:
            holder[at] = self._borrowed(other)
        else:
            holder[at] = self._near(holder[at])

    def _near(self, value):
        dice = self.dice
        roll = dice.random()
        if isinstance(value, int) and not isinstance(value, bool) and roll < 0.6:
            return value + dice.choice((-1, 1, 2, -2, 10, -value, value, 2**32, -(2**31)))
        if isinstance(value, str) and roll < 0.6:
            return self._near_text(value)
        if isinstance(value, list) and roll < 0.3:
            return value * dice.choice((0, 2, 5))
        return self._value()

    def _near_text(self, text):
        dice = self.dice
        at = dice.randrange(len(text) + 1)
        roll = dice.random()
        if roll < 0.25:
            return text[:at] + text[at + 1 :]
        if roll < 0.5:
            return text[:at] + dice.choice("0A.z/|é\x00\ud800\U0001f600 ") + text[at + 1 :]
        if roll < 0.6:
            return text * dice.choice((0, 2, 9))
        if roll < 0.7:
            return dice.choice((text.upper(), text.lower(), text + "x", text[::-1]))
        return dice.choice(self.tokens.words)

    def _value(self):
        dice = self.dice
        roll = dice.random()
        if roll < 0.3:
            return dice.choice(self.tokens.numbers)
        if roll < 0.6:
            return dice.choice(self.tokens.words)
        if roll < 0.75:
            return dice.choice((None, True, False, 0.5, -0.0, 1e300, float("inf"), float("nan")))
        if roll < 0.9:
            return dice.choice(([], {}, [[]], [{}], [None], {"": None}, [1, 2, 3]))
        if roll < 0.95:
            return 10 ** dice.choice((19, 40, 400, 4200))
        return "x" * dice.choice(LONG)

    def _borrowed(self, other):
        """A value out of another case."""
        for line in self.dice.sample(other.split(b"\n"), min(3, other.count(b"\n") + 1)):
            start = line.find(b"{")
            if start >= 0:
                try:
                    holders = list(_holders(json.loads(line[start:].decode())))
                except (ValueError, RecursionError):
                    continue
                holder = self.dice.choice(holders)[1] if holders else None
                if holder:
                    inner = list(holder.values()) if isinstance(holder, dict) else holder
                    return self.dice.choice(inner)
        return self._value()

    # ---- bytes

    def _bytes(self, case, other):
        dice = self.dice
        at = dice.randrange(len(case) + 1)
        size = min(len(case) - at, 1 << dice.randrange(8))
        roll = dice.randrange(10)
        if roll == 0:
            return case[:at] + case[at + size :]
        if roll == 1:
            return case[:at] + dice.randbytes(dice.choice((1, 2, 4, 9))) + case[at:]
        if roll == 2 and at < len(case):
            return case[:at] + bytes([case[at] ^ 1 << dice.randrange(8)]) + case[at + 1 :]
        if roll == 3 and at < len(case):
            edge = dice.choice((0, 1, 0x7F, 0x80, 0xFF, case[at] + 1 & 0xFF, case[at] - 1 & 0xFF))
            return case[:at] + bytes([edge]) + case[at + 1 :]
        if roll == 4:
            return case[:at] + dice.choice(self.tokens.chunks) + case[at:]
        if roll == 5:
            return (
                case[:at] + dice.choice(self.tokens.words).encode("utf-8", "replace") + case[at:]
            )
        if roll == 6:
            return case[:at] + case[at : at + size] * dice.choice((2, 3, 40)) + case[at + size :]
        if roll == 7 and other:
            start = dice.randrange(len(other))
            return case[:at] + other[start : start + 1 + dice.randrange(64)] + case[at + size :]
        if roll == 8:
            width = dice.choice((1, 2, 4, 8))
            number = dice.choice(self.tokens.numbers) & (1 << 8 * width) - 1
            return (
                case[:at]
                + number.to_bytes(width, dice.choice(("little", "big")))
                + case[at + width :]
            )
        return case[:at]


def _holders(value, depth=0):
    """(depth, object or array) for every one inside a JSON value."""
    if isinstance(value, dict):
        yield depth, value
        for inner in value.values():
            yield from _holders(inner, depth + 1)
    elif isinstance(value, list):
        yield depth, value
        for inner in value:
            yield from _holders(inner, depth + 1)
