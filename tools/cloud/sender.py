"""Publishing a portal act from the command line, and waiting for the charger's word on it."""

import threading
import uuid
from collections.abc import Callable, Iterable

from tools.cloud import jws, mqtt
from tools.cloud.downlink import Downlink
from tools.cloud.errors import Refused

_CONNECT_S = 10.0


def send(
    broker: mqtt.Broker,
    charger_id: str,
    down: Iterable[Downlink],
    wait_s: float = 0.0,
    heard: Callable[[bytes], Iterable[Downlink]] = lambda payload: (),
) -> list[dict | None]:
    """Publish messages; wait up to wait_s seconds for the final reply to each of them.

    Returns the reply to each message with an answer of its own (one for a list of many parts), None
    where none came; [] without waiting. heard is called with every reply's payload, and what it gives
    is published too.
    BrokerUnreachable when there is no broker.
    """
    messages = list(down)
    wanted = _wanted(messages)
    answers: list[dict | None] = [None] * len(wanted)
    ready, done = threading.Event(), threading.Event()
    client = broker.client(f"ppm-portal-{uuid.uuid4().hex[:12]}")

    def on_connect(client, _userdata, _flags, reason, _properties):
        if not reason.is_failure:
            client.subscribe(mqtt.topic(charger_id, "reply"), 1)

    def on_message(client, _userdata, message):
        for leaf, payload, retain in heard(message.payload):
            client.publish(mqtt.topic(charger_id, leaf), payload, qos=1, retain=retain)
        try:
            reply = jws.parse_object(message.payload)
        except Refused:
            return
        for index, want in enumerate(wanted):
            if answers[index] is None and _answers(reply, want):
                answers[index] = reply
        if None not in answers:
            done.set()

    client.on_connect = on_connect
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = on_message
    try:
        client.connect(broker.host, broker.port, mqtt.KEEPALIVE_S)
    except OSError as error:
        raise mqtt.BrokerUnreachable(f"No broker answers at {broker}: {error}")
    client.loop_start()
    try:
        if not ready.wait(_CONNECT_S):
            raise mqtt.BrokerUnreachable(f"The broker at {broker} does not let us subscribe.")
        for leaf, payload, retain in messages:
            sent = client.publish(mqtt.topic(charger_id, leaf), payload, qos=1, retain=retain)
            sent.wait_for_publish(_CONNECT_S)
            if not sent.is_published():
                raise mqtt.BrokerUnreachable(f"The broker at {broker} does not take the message.")
        if wait_s and wanted:
            done.wait(wait_s)
    finally:
        client.disconnect()
        client.loop_stop()
    return answers if wait_s else []


def _wanted(messages: list[Downlink]) -> list[dict]:
    wanted: list[dict] = []
    for leaf, payload, _ in messages:
        sent = jws.peek(payload)
        if leaf == "order":
            want = {"for": leaf, "id": sent["id"]}
        elif leaf in ("config", "list"):
            want = {"for": leaf, "version": sent["version"]}
        else:
            continue
        if want not in wanted:
            wanted.append(want)
    return wanted


def _answers(reply: dict, want: dict) -> bool:
    if reply.get("for") != want["for"]:
        return False
    if "id" in want:
        return reply.get("id") == want["id"]
    # A refusal names the version in force, not the refused one.
    applied = reply.get("result") == "applied" and reply.get("version") == want["version"]
    # A part that was lost is sent again.
    return applied or (reply.get("result") == "refused" and reply.get("reason") != "list_part")
