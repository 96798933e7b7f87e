"""RAPI, the serial text of the OpenEVSE controller: encode commands, cut and check what comes back.

A line is `$` tokens [` :SS`] `^HH` CR. HH is the XOR of all characters before the `^`; SS is a number
01..FF that the controller repeats, so that an answer finds its command. Kinds that come unasked: AT
(state), AB (the controller has booted), AN (button), WF (its gateway's mode). Source: open_evse, RAPI 5.2.
No I/O and no time here.
"""

LINE_MOST = 64  # characters; the longest real line has less than 50
ASYNCHRONOUS = ("AT", "AB", "AN", "WF")
KINDS = ("OK", "NK") + ASYNCHRONOUS

_CR = 13
_DOLLAR = 36
_TOKENS_MOST = 10


def check(data):
    """The XOR of all bytes of `data`, 0..255."""
    value = 0
    for byte in data:
        value ^= byte
    return value


def encode(command, sequence=0):
    """`command` ("GS", "SC 16 V") as bytes for the line; sequence 1..255 is asked to be repeated, 0 is not."""
    text = "$" + command
    if sequence:
        text += " :%02X" % sequence
    data = text.encode()
    return data + b"^%02X\r" % check(data)


def decode(line):
    """(reason, kind, tokens, sequence) of one line without its CR.

    reason: "" or why it is refused: start, ascii, sum, kind, tokens. kind: one of KINDS. tokens: texts behind
    the kind. sequence: 0 when the line has none.
    """
    if not line or line[0] != _DOLLAR:
        return "start", "", (), 0
    for byte in line:
        if not 32 <= byte < 127:
            return "ascii", "", (), 0
    if len(line) < 6 or line[-3:-2] != b"^" or number(line[-2:], 16) != check(line[:-3]):
        return "sum", "", (), 0
    tokens = str(bytes(line[1:-3]), "ascii").split()
    kind = tokens.pop(0) if tokens else ""
    if kind not in KINDS:
        return "kind", "", (), 0
    sequence = 0
    if tokens and tokens[-1][:1] == ":":
        sequence = number(tokens.pop()[1:], 16)
        if not 0 < sequence < 256:
            return "tokens", "", (), 0
    if len(tokens) > _TOKENS_MOST:
        return "tokens", "", (), 0
    return "", kind, tokens, sequence


def number(text, base=10, least=0, most=0x7FFFFFFF):
    """`text` (also bytes) as an int of `least`..`most`, -1 where it is none: int() also takes " 1", "1_0", "+1"."""
    if not text or len(text) > 10:
        return -1
    if isinstance(text, str):
        text = text.encode()
    value = 0
    for byte in text:
        digit = byte - 48
        if digit > 9:
            digit = (byte | 32) - 87
            if digit < 10:
                return -1
        if not 0 <= digit < base:
            return -1
        value = value * base + digit
    return value if least <= value <= most else -1


class Cutter:
    """Cuts bytes into lines; bounded. refused: how many lines were no lines.

    A `$` begins a line wherever it stands: after a lost CR the next line is whole again.
    """

    def __init__(self):
        self.refused = 0
        self._buf = bytearray(LINE_MOST)
        self._used = 0

    def clear(self):
        """Forget the line that has begun."""
        self._used = 0

    def take(self, byte):
        """Take one byte. Returns the length of the line that ends here (see `line`), 0 when none does."""
        if byte == _DOLLAR:
            if self._used:
                self.refused += 1
            self._used = 0
        elif not self._used:
            if byte not in (_CR, 10):
                self.refused += 1  # something without a beginning
            return 0
        elif byte == _CR:
            used, self._used = self._used, 0
            return used
        if self._used == LINE_MOST:
            self.refused += 1
            self._used = 0
            return 0
        self._buf[self._used] = byte
        self._used += 1
        return 0

    def line(self, used):
        """The line of `used` characters that `take` has just ended."""
        return bytes(memoryview(self._buf)[:used])
