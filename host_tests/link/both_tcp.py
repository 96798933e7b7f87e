"""Addresses that need no resolver, and the waits between attempts."""

import asyncio

from firmware.mqtt.backoff import Backoff
from firmware.mqtt.errors import REASONS, LinkError
from firmware.mqtt.tcp import resolve_literal


def reason(host):
    try:
        asyncio.run(resolve_literal(host, 1883))
    except LinkError as error:
        assert error.reason in REASONS
        return str(error)
    return ""


def test_literals_have_addresses():
    for host in ("127.0.0.1", "10.0.200.7", "localhost"):
        assert reason(host) == ""


def test_names_are_never_looked_up_here():
    for host in ("broker.example", "256.1.1.1", "1.2.3", "1.2.3.4.5", "", "fe80::name"):
        assert reason(host) == ("resolve: " + host if host else "resolve")


def test_waits_double_to_a_cap_with_jitter():
    backoff = Backoff(1000, 60000)
    seen = set()
    for _ in range(20):
        backoff.reset()
        for span in (1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000):
            wait = backoff.next_ms()
            assert span // 2 <= wait <= span
            seen.add(wait)
    assert len(seen) > 100
