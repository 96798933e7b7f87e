"""How long things take. Arguments: image (made, or what fill.py left), sessions in it, taps, steps.

Every time is real time of this interpreter, told beside the time of the calibration loop.
"""

import time

from tools.bench.board.report import calibrate, say, spread
from tools.bench.board.stand import SESSION_S, SESSION_WH, STEP_MS, Stand
from tools.bench.board.subscribing import UID, uid_of
from tools.bench.board.volumes import open_counted

ENTRIES = 500


def main(image, sessions, taps, steps):
    """Measure each thing in turn on one charger."""
    volume, device = open_counted(image)
    stand = Stand(volume, sessions)
    stand.boot()
    if not sessions:
        stand.commission(ENTRIES)
    unit = calibrate()
    facts = {"idle_us": spread(control_steps(stand, steps))}
    facts.update(taps_to_permit(stand, device, taps))
    stand.begin(SESSION_WH)
    stand.run(60)
    facts["charging_us"] = spread(control_steps(stand, steps))
    stand.leave()
    facts["look_up_reads"], facts["look_up_bytes"] = look_ups(stand, device)
    facts["sign_us"] = spread(signings(stand, max(5, taps // 5)))
    say(unit_us=min(unit, calibrate()), taps=taps, steps=steps, **facts)


def control_steps(stand, steps):
    """The times of whole control steps, 50 ms of the world apart."""
    times = []
    world = stand.world
    for _ in range(steps):
        world.step(world.now_ms + STEP_MS, leased=True)
        began = time.ticks_us()
        stand.control.step()
        times.append(time.ticks_diff(time.ticks_us(), began))
        stand.pump()
    return times


def tap_to_permit(stand, device):
    """(microseconds, flash reads) from the card in the agent's hands to its permit, with a vehicle waiting."""
    stand.world.plug(32000, 1)
    stand.world.demand(16000, 30)
    stand.run(0.2)
    charger = stand.charger
    up_ms = stand.now_ms()
    device.reset_counters()
    began = time.ticks_us()
    reason = charger.on_card(up_ms, "ISO14443", UID)
    while not charger.permit_ma:
        charger.tick(up_ms)
        if time.ticks_diff(time.ticks_us(), began) > 5000000:
            raise RuntimeError("no permit: " + reason)
    lasted = time.ticks_diff(time.ticks_us(), began), device.reads
    stand.run(15)
    stand.leave()
    return lasted


def taps_to_permit(stand, device, count):
    """p50, p99 and worst of so many taps: "tap_us", "tap_reads"."""
    taps = [tap_to_permit(stand, device) for _ in range(count)]
    return {
        "tap_us": spread([lasted for lasted, _ in taps]),
        "tap_reads": spread([reads for _, reads in taps]),
    }


def look_ups(stand, device):
    """The most flash reads and bytes that finding one card takes, over cards that are and are not there."""
    house = stand.charger._house
    subscribers = house.subscribers
    reads = read_bytes = 0
    for n in range(0, ENTRIES, 7):
        device.reset_counters()
        subscribers.find(house.card_key("ISO14443", UID if n == 0 else uid_of(n)))
        reads = max(reads, device.reads)
        read_bytes = max(read_bytes, device.read_bytes)
    return reads, read_bytes


def signings(stand, count):
    """Rendering and signing of the end record of an 8 h session, again and again."""
    stand.acks = False
    stand.begin(SESSION_WH)
    stand.stride(SESSION_S, 900)
    stand.leave()
    ledger = stand.charger._house.ledger
    seq = ledger.last
    while ledger.read(seq).kind != "session_end":
        seq -= 1
    times = []
    for _ in range(count):
        began = time.ticks_us()
        ledger.signed(seq)
        times.append(time.ticks_diff(time.ticks_us(), began))
    return times
