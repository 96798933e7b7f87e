"""The subscriber list as the messages of a case add up to it: another reading of design section 4."""

import binascii
import hashlib
import json

_PLACE = b'"@"'


class ListModel:
    """entries: {(type, UID): line of the hash} in force."""

    def __init__(self, entries=()):
        self.entries = dict(entries)
        self._under_way = None

    def with_hash(self, leaf, payload):
        """The payload, with the right hash where it says "@"."""
        if leaf != "list" or _PLACE not in payload:
            return payload
        result = self._after(payload)
        if result is None:
            return payload
        digest = hashlib.sha256()
        for key in sorted(result):
            digest.update(result[key])
        text = binascii.hexlify(digest.digest())
        return payload.replace(_PLACE, b'"' + text + b'"')

    def take(self, payload, result, new):
        """What became of a part: result "applied", "waiting" or "refused"; new: the version is another."""
        if new:
            self.entries = self._after(payload)
            self._under_way = None
        elif result == "waiting":
            self._under_way = self._after(payload)

    def _after(self, payload):
        """The entries when this part has been taken, None when nobody could say."""
        try:
            message = json.loads(payload)
            part, _ = _numbers(payload)
            if part == 1:
                start = {} if message.get("base") is None else self.entries
            else:
                start = self._under_way
            if start is None:
                return None
            after = dict(start)
            for put in message.get("put", []):
                after[_key(put.get("type", "ISO14443"), put["uid"])] = _line(put)
            for uid in message.get("del", []):
                kind = "ISO14443"
                if isinstance(uid, dict):
                    kind, uid = uid["type"], uid["uid"]
                after.pop(_key(kind, uid), None)
            return after
        except (ValueError, TypeError, KeyError, AttributeError, RuntimeError):
            return None


def _numbers(payload):
    message = json.loads(payload)
    return message.get("part"), message.get("parts")


def _key(kind, uid):
    return kind, binascii.unhexlify(uid)


def _line(put):
    kind, uid = _key(put.get("type", "ISO14443"), put["uid"])
    until = put.get("until")
    words = (
        kind,
        binascii.hexlify(uid).decode().upper(),
        put["user"],
        put.get("contract", ""),
        put.get("group", ""),
        put.get("status", "active"),
        "" if until is None else str(until),
        put.get("billing", "ppm"),
    )
    return ("|".join(words) + "\n").encode()
