"""At every status: what the charger lacks is sent. Nothing rests on a broker's queue.

A status is not signed, so it only ever decides what is sent again, never what is billed.
"""

import json
import logging

from sqlalchemy.orm import Session

from tools.cloud import intake, listsend, mask, months, portal, rotation, store, wording
from tools.cloud.downlink import Downlink
from tools.cloud.models import Charger
from tools.cloud.report import DIFFERS

log = logging.getLogger("tools.cloud.reconcile")


def take_status(session: Session, charger: Charger, status: dict, now: int) -> list[Downlink]:
    """Note what a charger says of itself, and give what it lacks. status: matches status.json."""
    was_online, boot = charger.online, charger.boot
    charger.online = status["online"]
    charger.status_at = now
    if not charger.online:
        log.info("%s: offline", charger.id)
        return []
    _report_store(charger, status)
    charger.status = json.dumps(status)
    charger.boot = status["boot"]
    charger.list_applied = status["list"]["version"]
    charger.config_applied = status["monthly_payment"]["version"]
    if not was_online or boot != charger.boot:
        log.info("%s: online, boot %d, %s", charger.id, charger.boot, status["state"])
        charger.config_sent_at = charger.list_sent_at = None  # what was under way is lost
    _report_differences(charger, status)
    down = listsend.told(session, charger, status["list"].get("waits"), now)
    down += missing(session, charger, now)
    down += rotation.missing(session, charger, status.get("key", 1), now)
    down += listsend.confirm(session, charger, status["list"].get("age_s"), now)
    return down + _ask_for_gap(session, charger, now)


def missing(session: Session, charger: Charger, now: int) -> list[Downlink]:
    """Configuration and list, as far as the charger does not have them."""
    down = []
    if charger.config_version and charger.config_applied != charger.config_version:
        if charger.config_applied > charger.config_version:
            log.error(
                "%s: has configuration %d, this service only knows %d: was the database restored? "
                "`resync %s` makes a newer one",
                charger.id,
                charger.config_applied,
                charger.config_version,
                charger.id,
            )
        elif not listsend.in_flight(charger.config_sent_at, now):
            down += portal.send_config(charger, now)
    if charger.list_version and charger.list_applied > charger.list_version:
        log.error(
            "%s: has list %d, this service only knows %d: was the database restored? "
            "`resync %s` makes a newer one",
            charger.id,
            charger.list_applied,
            charger.list_version,
            charger.id,
        )
        return down
    return down + listsend.send(session, charger, now)


def take_reply(session: Session, charger: Charger, reply: dict, now: int) -> list[Downlink]:
    """Note an answer to a configuration or a list part, and give the parts that it lets go."""
    level = logging.WARNING if reply["result"] == "refused" else logging.INFO
    detail = mask.plain(reply.get("detail", ""))
    log.log(
        level,
        "%s: %s %s: %s%s",
        charger.id,
        reply["for"],
        reply["result"],
        reply["reason"],
        f" ({detail})" if detail else "",
    )
    if reply["for"] == "config":
        charger.config_reply = json.dumps(reply)
        if reply["result"] == "applied" and reply.get("version") == charger.config_sent:
            charger.config_applied = charger.config_sent
            charger.config_sent_at = None
    elif reply["for"] == "list":
        return listsend.answered(session, charger, reply, now)
    return []


def take_record(session: Session, charger: Charger, payload: dict, now: int) -> list[Downlink]:
    """A signed record says what is in force: better than any reply."""
    if payload["kind"] == "config_applied":
        charger.config_applied = max(charger.config_applied, payload["version"])
    elif payload["kind"] == "list_applied":
        if payload["version"] > charger.list_applied:
            listsend.confirmed(charger, payload["version"])
    elif payload["kind"] == months.CLOSED:
        _tell_closed(session, charger, payload)
        return _ask_for_gap(session, charger, now)
    else:
        return []
    return missing(session, charger, now) if charger.online else []


def _ask_for_gap(session: Session, charger: Charger, now: int) -> list[Downlink]:
    # A hole holds up what comes after it; a gap in a month that was closed does not.
    gaps = store.holes(session, charger) or months.claimed_gaps(session, charger)
    return intake.ask_for(session, charger, gaps, now)


def _tell_closed(session: Session, charger: Charger, payload: dict) -> None:
    closed = [body for _, body in store.payloads(session, charger.id, months.CLOSED)]
    claim = months.check(session, charger, payload, closed)
    level = logging.WARNING if claim.state == DIFFERS else logging.INFO
    log.log(level, "%s: %s %s", charger.id, claim.month, wording.claim_text(claim))


def _report_store(charger: Charger, status: dict) -> None:
    before = json.loads(charger.status or "{}").get("store", "ok")
    state = status.get("store", "ok")  # older firmware does not say
    if state != before:
        level = logging.INFO if state == "ok" else logging.ERROR
        log.log(level, "%s: its store is %s", charger.id, state)


def _report_differences(charger: Charger, status: dict) -> None:
    payment, tariff = status["monthly_payment"], status["tariff"]
    if not charger.config_version or payment["version"] != charger.config_version:
        return
    if payment["enabled"] != charger.enabled:
        log.error(
            "%s: pay per month is %s on the charger and %s here at the same version",
            charger.id,
            "on" if payment["enabled"] else "off",
            "on" if charger.enabled else "off",
        )
    given = (tariff["id"], tariff["version"]) if tariff else (None, None)
    if given != (charger.tariff_id, charger.tariff_version):
        log.error("%s: has tariff %s version %s at the same configuration", charger.id, *given)
