"""ISO/IEC 14443-3 type A, as far as both readers need it: CRC_A, the check byte, the cascade of a UID."""

KIND = "ISO14443"
CASCADE_TAG = 0x88
UID_SIZES = (4, 7, 10)

_MORE_LEVELS = 0x04  # SAK bit 2: this was not the whole UID
_LEVELS = 3


def crc_a(data, size=-1):
    """CRC_A of the first `size` bytes (all when negative): int 0..65535, sent low byte first."""
    crc = 0x6363
    for i in range(len(data) if size < 0 else size):
        byte = (data[i] ^ crc) & 0xFF
        byte = (byte ^ (byte << 4)) & 0xFF
        crc = (crc >> 8) ^ (byte << 8) ^ (byte << 3) ^ (byte >> 4)
    return crc


def with_crc(data):
    """`data` and its CRC_A: bytes."""
    crc = crc_a(data)
    return bytes(data) + bytes((crc & 0xFF, crc >> 8))


def crc_fits(data, size):
    """Whether the last two of the `size` bytes of `data` are the CRC_A of those before."""
    return size > 2 and data[size - 2] | data[size - 1] << 8 == crc_a(data, size - 2)


def check_fits(block):
    """Whether the fifth byte of an anticollision answer is the exclusive or of the four before."""
    return block[0] ^ block[1] ^ block[2] ^ block[3] == block[4]


class Cascade:
    """A UID as it is put together, level by level.

    What belongs to the UID is decided by the SAK alone: 88 is a lawful byte of a UID too.
    """

    def __init__(self):
        self.level = 0  # 0..2
        self._uid = b""

    def restart(self):
        """Forget what is there: another card."""
        self.level = 0
        self._uid = b""

    def select_code(self):
        """The SEL byte of the level: 93, 95 or 97."""
        return 0x93 + 2 * self.level

    def add(self, block, sak):
        """Take the block (four bytes and their check byte) that the card acknowledged with `sak`.

        Returns the whole UID, or None when another level follows. ValueError when it cannot be.
        """
        if not check_fits(block):
            raise ValueError("check byte")
        if not sak & _MORE_LEVELS:
            return self._uid + bytes(block[:4])
        if block[0] != CASCADE_TAG or self.level + 1 >= _LEVELS:
            raise ValueError("cascade")
        self._uid += bytes(block[1:4])
        self.level += 1
        return None


def tagged(uid):
    """`uid` with its cascade tags, as a reader asks for one certain card: 4, 8 or 12 bytes."""
    if len(uid) == 4:
        return uid
    tag = bytes((CASCADE_TAG,))
    if len(uid) == 7:
        return tag + uid
    return tag + uid[:3] + tag + uid[3:]
