"""Compact JWS with HS256 through joserfc: signing downwards, verifying what comes up."""

import json
from collections.abc import Callable, Mapping

from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import OctKey

from tools.cloud import keys
from tools.cloud.errors import Refused

RECORD = "record+jws"
CONFIG = "config+jws"
LIST = "list+jws"
ORDER = "order+jws"
ACK = "ack+jws"
ASK = "ask+jws"

MAX_DOWN_BYTES = 8192
MAX_UP_BYTES = 262144


def encode(payload: Mapping) -> bytes:
    """The JSON bytes that are signed: compact, ASCII."""
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=True).encode()


def sign(master: bytes, generation: int, use: str, typ: str, payload: Mapping | bytes) -> bytes:
    """A compact JWS of `payload` for one use (keys.UP, keys.DOWN)."""
    body = payload if isinstance(payload, bytes) else encode(payload)
    header = {"alg": "HS256", "kid": keys.kid(use, generation), "typ": typ}
    key = OctKey.import_key(keys.derive(master, use))
    return jws.serialize_compact(header, body, key, algorithms=["HS256"]).encode()


def verify(compact: bytes, use: str, typ: str, master_of: Callable[[int], bytes | None]) -> dict:
    """The payload of a compact JWS.

    master_of gives the master key of a generation, or None. Refused: malformed, oversized,
    wrong_type, wrong_key, bad_signature. Nothing of the payload is looked at before the signature
    holds.
    """
    if len(compact) > MAX_UP_BYTES:
        raise Refused("oversized", f"{len(compact)} bytes, at most {MAX_UP_BYTES}")
    try:
        header = jws.extract_compact(compact).headers()
    except (JoseError, ValueError, TypeError) as error:
        raise Refused("malformed", f"not a compact JWS ({error})")
    if header.get("alg") != "HS256":
        raise Refused("wrong_key", "alg: must be HS256")
    if header.get("typ") != typ:
        raise Refused("wrong_type", f"typ: must be {typ}")
    generation = keys.parse_kid(header.get("kid"), use)
    master = None if generation is None else master_of(generation)
    if master is None:
        raise Refused("wrong_key", "kid: names no key of this charger")
    try:
        key = OctKey.import_key(keys.derive(master, use))
        body = jws.deserialize_compact(compact, key, algorithms=["HS256"]).payload
    except BadSignatureError:
        raise Refused("bad_signature", "not signed with this charger's key")
    except (JoseError, ValueError) as error:
        raise Refused("malformed", str(error))
    return parse_object(body or b"")


def generation(compact: bytes, use: str) -> int:
    """The generation of the key that signed a message which `verify` has just taken."""
    return keys.parse_kid(jws.extract_compact(compact).headers().get("kid"), use) or 0


def parse_object(body: bytes) -> dict:
    """A JSON object in UTF-8. Refused: malformed."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused("malformed", "not UTF-8 JSON")
    if not isinstance(value, dict):
        raise Refused("malformed", "not a JSON object")
    return value


def peek(compact: bytes) -> dict:
    """The payload of a message that this service has just made; nothing is verified."""
    return parse_object(jws.extract_compact(compact).payload or b"")
