"""What a portal does with a charger: pay per month on and off, tariff, settings, configuration."""

import json
import logging
import re
import secrets

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tools.cloud import jws, keys, orders, schemas, store, zones
from tools.cloud.downlink import Downlink
from tools.cloud.errors import CloudError
from tools.cloud.models import Charger, Key, Tariff

log = logging.getLogger("tools.cloud.portal")

COMPONENTS = ("ENERGY", "TIME", "PARKING_TIME", "FLAT")
DEFAULTS = {
    "access": {
        "when_off": "locked",
        "offline": "list",
        "list_max_age_s": 604800,
        "lapse_s": 60,
        "autolock_s": 0,
        "revoked_running": "continue",
        "unknown": "refuse",
        "ask_within_s": 10,
        "dead_after_start_s": 5,
        "dead_after_stop_s": 3,
        "guests": "deny",
        "groups": [],
    },
    "session": {"resume_within_s": 3600, "sample_s": 900},
    "store_full": "block",
    "limit_ma": 16000,
    "timezone": "UTC",
}


def register(
    session: Session, charger_id: str, master: bytes, generation: int, first_seq: int
) -> Charger:
    """Make a charger known, or add a generation of its master key."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", charger_id):
        raise CloudError("A charger id has 1 to 32 of the characters A-Z a-z 0-9 _ -")
    charger = store.find_charger(session, charger_id)
    if charger is None:
        charger = Charger(id=charger_id, settings=json.dumps(DEFAULTS), first_seq=first_seq)
        charger.upto = first_seq - 1
        session.add(charger)
    known = session.get(Key, (charger_id, generation))
    if known and known.master != master:
        raise CloudError(
            f"{charger_id} has another key of generation {generation}. A new key needs a new number: "
            f"--generation {generation + 1}"
        )
    if known is None:
        session.add(Key(charger=charger_id, generation=generation, master=master))
    session.flush()
    return charger


def enable(
    session: Session, charger: Charger, actor: str, role: str, plan: str, now: int
) -> list[Downlink]:
    """Switch pay per month on. Only a superadmin may, and only with a business plan."""
    may_enable(actor, role, plan)
    charger.enabled, charger.plan = True, plan
    charger.actor_id, charger.actor_role, charger.accepted_at = actor, role, now
    if charger.tariff_id is None:
        log.warning("%s: no tariff yet; sessions without one cannot be billed", charger.id)
    return renew_config(session, charger, now)


def may_enable(actor: str, role: str, plan: str) -> None:
    """CloudError when this actor may not switch pay per month on."""
    _need_superadmin(role, "switch pay per month on")
    if plan != "business":
        raise CloudError(f"Pay per month needs the plan business, not {plan or 'none'}.")
    _need_actor(actor)


def disable(session: Session, charger: Charger, actor: str, role: str, now: int) -> list[Downlink]:
    """Switch pay per month off. A running session ends as it began."""
    _need_superadmin(role, "switch pay per month off")
    _need_actor(actor)
    charger.enabled = False
    charger.actor_id, charger.actor_role, charger.accepted_at = actor, role, now
    return renew_config(session, charger, now)


def tariff(
    session: Session,
    charger: Charger,
    tariff_id: str,
    currency: str,
    prices: dict[str, str],
    now: int,
) -> list[Downlink]:
    """Assign a tariff to a charger; other prices than the last version's make a new version.

    prices: {"ENERGY": "0.40", ...}, decimal strings in `currency`.
    """
    components = [
        {"type": name, "price": str(prices[name])} for name in COMPONENTS if name in prices
    ]
    newest = session.scalar(select(func.max(Tariff.version)).where(Tariff.id == tariff_id)) or 0
    known = session.get(Tariff, (tariff_id, newest))
    same = known and (known.currency, json.loads(known.components)) == (currency, components)
    version = newest if same else newest + 1
    wire = {"id": tariff_id, "version": version, "currency": currency, "components": components}
    why = schemas.problem("config.json#/properties/tariff", wire)
    if why:
        raise CloudError(f"The tariff is not valid: {_tariff_help(wire) or why}")
    if not same:
        session.add(
            Tariff(
                id=tariff_id, version=version, currency=currency, components=json.dumps(components)
            )
        )
        session.flush()
    if (charger.tariff_id, charger.tariff_version) == (tariff_id, version):
        return []
    charger.tariff_id, charger.tariff_version = tariff_id, version
    return renew_config(session, charger, now)


def change_settings(
    session: Session, charger: Charger, changes: dict[str, object], now: int
) -> list[Downlink]:
    """Change settings by dotted name, such as {"access.lapse_s": 30, "timezone": "Europe/Oslo"}."""
    settings = read_settings(charger)
    for name, value in changes.items():
        place = settings
        *outer, last = name.split(".")
        for step in outer:
            place = place.get(step) if isinstance(place, dict) else None
        if not isinstance(place, dict) or last not in place or isinstance(place[last], dict):
            raise CloudError(f"{name} is no setting. There are: {', '.join(setting_names())}")
        place[last] = value
    zones.zone(str(settings["timezone"]))
    charger.settings = json.dumps(settings)
    return renew_config(session, charger, now) if charger.config_version else []


def setting_names() -> list[str]:
    """Every setting by its dotted name."""
    names = []
    for name, value in DEFAULTS.items():
        names += [f"{name}.{inner}" for inner in value] if isinstance(value, dict) else [name]
    return names


def read_settings(charger: Charger) -> dict:
    """The settings of a charger, complete."""
    stored = json.loads(charger.settings)
    merged = {}
    for name, value in DEFAULTS.items():
        given = stored.get(name, value)
        merged[name] = {**value, **given} if isinstance(value, dict) else given
    return merged


def renew_config(session: Session, charger: Charger, now: int) -> list[Downlink]:
    """Make the configuration that is wanted now, with the next version, and send it."""
    version = max(charger.config_version, charger.config_applied) + 1
    settings = read_settings(charger)
    payload = {
        "aud": charger.id,
        "version": version,
        "monthly_payment": {
            "enabled": charger.enabled,
            "plan": charger.plan,
            "actor": {"id": charger.actor_id or "portal", "role": charger.actor_role},
            "accepted_at": charger.accepted_at or now,
        },
        "tariff": _tariff_on_wire(session, charger),
        **settings,
        "utc_offset_rules": zones.offset_rules(str(settings["timezone"]), now),
    }
    why = schemas.problem("config", payload)
    if why:
        raise CloudError(f"The configuration is not valid: {why}")
    charger.config_version = version
    charger.config_jws = orders.sign(session, charger, jws.CONFIG, payload)
    session.flush()
    return send_config(charger, now)


def send_config(charger: Charger, now: int) -> list[Downlink]:
    """The wanted configuration, byte for byte as it was first made."""
    charger.config_sent, charger.config_sent_at = charger.config_version, now
    return [Downlink("config", charger.config_jws, True)]


def _tariff_on_wire(session: Session, charger: Charger) -> dict | None:
    if charger.tariff_id is None:
        return None
    known = session.get_one(Tariff, (charger.tariff_id, charger.tariff_version))
    return {
        "id": known.id,
        "version": known.version,
        "currency": known.currency,
        "components": json.loads(known.components),
    }


def _tariff_help(wire: dict) -> str:
    if not wire["components"]:
        return "give at least one price"
    for component in wire["components"]:
        if schemas.problem("config.json#/properties/tariff", {**wire, "components": [component]}):
            return (
                f"{component['type']} {component['price']!r}: a price is a decimal number from 0 "
                "with at most 4 decimals, such as 0.40"
            )
    return ""


def _need_superadmin(role: str, what: str) -> None:
    if role != "superadmin":
        raise CloudError(f"Only a superadmin may {what}; {role or 'no role'} may not.")


def _need_actor(actor: str) -> None:
    if schemas.problem("common.json#/$defs/reference_given", actor):
        raise CloudError("The actor is a reference of 1 to 24 of A-Z a-z 0-9 _ . : @ -")


def new_key() -> bytes:
    """A fresh master key."""
    return secrets.token_bytes(keys.MASTER_BYTES)
