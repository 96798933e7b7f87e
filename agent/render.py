"""The JSON of a record: one way to write it, for ever.

A record that is sent again must have the same bytes, after reboots and firmware updates. So nothing
here may change what an existing record renders to; the test's golden records hold it to that.
"""

from .samples import Samples
from .timekeeping import Instant

_PLAIN = "0123456789abcdef"


def render(charger, record, settle):
    """The UTF-8 JSON of a ledger Record, as a bytearray.

    charger: id; settle(instant, seq) -> (unix_s or None, quality letter).
    """
    out = bytearray()
    out.extend(b'{"charger":')
    _quote(out, charger)
    head = ',"connector":%d,"seq":%d,"boot":%d,"kind":"%s","up_ms":%d,"at":'
    out.extend(
        (head % (record.connector, record.seq, record.boot, record.kind, record.at.up_ms)).encode()
    )
    _value(out, record.at, record.seq, settle)
    for key, value in record.body:
        out.extend(b',"')
        out.extend(key.encode())
        out.extend(b'":')
        _value(out, value, record.seq, settle)
    out.extend(b"}")
    return out


def _value(out, value, seq, settle):
    if value is None:
        out.extend(b"null")
    elif value is True:
        out.extend(b"true")
    elif value is False:
        out.extend(b"false")
    elif isinstance(value, int):
        out.extend(str(value).encode())
    elif isinstance(value, str):
        _quote(out, value)
    elif isinstance(value, tuple):
        mark = b'{"'
        for key, inner in value:
            out.extend(mark)
            out.extend(key.encode())
            out.extend(b'":')
            _value(out, inner, seq, settle)
            mark = b',"'
        out.extend(b"}" if value else b"{}")
    elif isinstance(value, Instant):
        unix_s, quality = settle(value, seq)
        text = '{"t":%s,"q":"%s"}' % ("null" if unix_s is None else unix_s, quality)
        out.extend(text.encode())
    elif isinstance(value, Samples):
        out.extend(b"[")
        for i in range(len(value)):
            out.extend(('%s[%d,%d,"%s"]' % (("," if i else "",) + value[i])).encode())
        out.extend(b"]")
    else:
        out.extend(b"[")
        for i, inner in enumerate(value):
            if i:
                out.extend(b",")
            _value(out, inner, seq, settle)
        out.extend(b"]")


def _quote(out, text):
    """A JSON string with everything outside printable ASCII escaped: the two interpreters' json
    modules differ there."""
    out.extend(b'"')
    for char in text:
        code = ord(char)
        if char == '"' or char == "\\":
            out.extend(b"\\")
            out.append(code)
        elif 32 <= code < 127:
            out.append(code)
        else:
            if code > 0xFFFF:
                code -= 0x10000
                _escape(out, 0xD800 | code >> 10)
                code = 0xDC00 | code & 0x3FF
            _escape(out, code)
    out.extend(b'"')


def _escape(out, code):
    out.extend(b"\\u")
    for shift in (12, 8, 4, 0):
        out.append(ord(_PLAIN[code >> shift & 15]))
