"""The subscriber list as the messages of a case add up to it: another reading of docs/wire."""

import binascii
import hashlib
import json

from agent.jws import hmac_sha256

_PLACE = b'"@"'


class ListModel:
    """entries: {key of 12 bytes: line of the hash} in force. card_key: what keys are made with."""

    def __init__(self, card_key, entries=()):
        self._card_key = card_key
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

    def key(self, kind, uid):
        """The key of a card. uid: bytes."""
        return hmac_sha256(self._card_key, kind.encode(), b"|", uid)[:12]

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
                key = self.key(put.get("type", "ISO14443"), binascii.unhexlify(put["uid"]))
                after[key] = _line(key, put)
            if message.get("base") is None:
                return after  # from a whole list there is nothing to delete
            for one in message.get("del", []):
                kind = "ISO14443"
                if isinstance(one, dict):
                    kind, one = one["type"], one["uid"]
                data = binascii.unhexlify(one)
                after.pop(data if len(data) == 12 else self.key(kind, data), None)
            return after
        except (ValueError, TypeError, KeyError, AttributeError, RuntimeError):
            return None


def _numbers(payload):
    message = json.loads(payload)
    return message.get("part"), message.get("parts")


def _line(key, put):
    until = put.get("until")
    words = (
        binascii.hexlify(key).decode(),
        put["user"],
        put.get("contract", ""),
        put.get("group", ""),
        put.get("status", "active"),
        "" if until is None else str(until),
        put.get("billing", "ppm"),
        put.get("proof", "uid"),
    )
    return ("|".join(words) + "\n").encode()
