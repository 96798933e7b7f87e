"""Frames of the PN532 (NXP UM0701-02, section 6.2): 00 00 FF LEN LCS TFI data DCS 00.

LEN + LCS and TFI + data + DCS are 0 modulo 256; TFI is D4 to the chip and D5 from it.
"""

from .iso14443 import UID_SIZES

ACK_FRAME = b"\x00\x00\xff\x00\xff\x00"
NACK_FRAME = b"\x00\x00\xff\xff\x00\x00"
ACK_SIZE = 6
AROUND = 7  # bytes of a frame that are not TFI and data

TO_CHIP = 0xD4
FROM_CHIP = 0xD5

# What `find` finds.
NOTHING = 0  # no start of a frame
MORE = 1  # a frame that goes on behind what is there
ACK = 2
NACK = 3
FRAME = 4
BAD = 5  # a check sum that does not fit

_ISO_DEP = 0x20  # of the SAK: the card speaks ISO/IEC 14443-4


def build(data):
    """The frame that carries a command and its parameters to the chip: bytes. data: 1..254 bytes."""
    size = len(data) + 1
    check = TO_CHIP
    for byte in data:
        check += byte
    head = bytes((0, 0, 0xFF, size, -size & 0xFF, TO_CHIP))
    return head + data + bytes((-check & 0xFF, 0))


def find(buf, count):
    """Look for a frame in the first `count` bytes: (kind, start, end).

    FRAME: its TFI is at `start`, its check sum at `end` - 1. MORE: it takes `end` bytes. Otherwise `end`
    is behind what was looked at.
    """
    for i in range(count - 3):
        if buf[i] or buf[i + 1] != 0xFF:
            continue
        size, check = buf[i + 2], buf[i + 3]
        if size == 0 and check == 0xFF:
            return ACK, i, i + 4
        if size == 0xFF and check == 0:
            return NACK, i, i + 4
        if not size or (size + check) & 0xFF:
            continue
        start = i + 4
        end = start + size + 1
        if end > count:
            return MORE, start, end
        total = 0
        for k in range(start, end):
            total += buf[k]
        return (BAD if total & 0xFF else FRAME), start, end
    return NOTHING, 0, count


def targets(buf, at, end):
    """The cards in an answer to InListPassiveTarget (106 kbit/s type A) whose parameters are buf[at:end].

    A list of (number, SAK, UID), or None when it is not such an answer in every byte.
    """
    if at >= end or buf[at] > 2:
        return None
    found = []
    left = buf[at]
    at += 1
    while left:
        if at + 5 > end:
            return None
        number, sak, size = buf[at], buf[at + 3], buf[at + 4]
        at += 5
        if size not in UID_SIZES or at + size > end:
            return None
        found.append((number, sak, bytes(buf[at : at + size])))
        at += size
        if sak & _ISO_DEP and at < end:
            if not buf[at]:
                return None
            at += buf[at]  # the ATS counts its own first byte
        left -= 1
    if at != end or (len(found) == 2 and found[0][2] == found[1][2]):
        return None
    return found


def speaks_apdus(sak):
    """Whether a card with this SAK takes ISO/IEC 7816-4 commands."""
    return bool(sak & _ISO_DEP)
