"""The URL of a card that holds one NDEF record (NFC Forum type 4: length u16, then the message)."""

MOST = 250  # bytes of message that are looked at

_PREFIXES = (b"", b"http://www.", b"https://www.", b"http://", b"https://")


def message_size(data):
    """Bytes of the file that matter, its length field included; 0 when it holds no usable message."""
    if len(data) < 2:
        return 0
    size = data[0] << 8 | data[1]
    return size + 2 if 5 < size <= MOST else 0


def url(data):
    """The URL in the file: bytes; b"" when it is not one short URI record."""
    size = message_size(data)
    # D1: one record, whole, short, of a well-known type; the type is one byte, U
    if not size or len(data) < size or bytes(data[2:4]) != b"\xd1\x01" or data[5] != 0x55:
        return b""
    if data[4] + 6 > size or data[4] < 1 or data[6] >= len(_PREFIXES):
        return b""
    return _PREFIXES[data[6]] + bytes(data[7 : 6 + data[4]])
