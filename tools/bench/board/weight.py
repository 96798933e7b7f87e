"""What the code and a booted charger take of the heap. Arguments: an image file to be made.

The mock hardware and the flash driver stand for drivers that this tree has not: what they take is
measured apart and not counted.
"""

import gc

from tools.bench.board.report import heap, say


def main(image):
    """Import and boot in the order of firmware/main.py, and weigh after each step."""
    base = heap()
    import agent.charger

    agent_bytes = heap() - base
    import asyncio

    import firmware.control
    import firmware.crash
    import firmware.housekeeping
    import firmware.link
    import firmware.locked
    import firmware.provisioning
    import firmware.uptime
    import firmware.watchdog
    import hal.volume  # noqa: F401

    code_bytes = heap() - base
    from tools.bench.board.stand import CHARGER, MASTER, Stand
    from tools.bench.board.volumes import open_counted

    volume, _ = open_counted(image)
    Stand(volume).boot(False)  # so that everything that is made at the first use is there
    _commission(volume)
    stand = Stand(volume)
    hardware_bytes = heap() - base - code_bytes
    before = heap()
    charger = agent.charger.Charger(volume, CHARGER, MASTER, "bench")
    charger.boot(0, "A", stand.board.meter.read())
    agent_ram = heap() - before
    link = firmware.link.Link(stand.board, charger, CHARGER, stand.now_ms)
    parts = (
        link,
        firmware.control.Control(stand.board, charger, stand, "A"),
        firmware.housekeeping.Housekeeping(stand.board, charger, stand, link),
        firmware.watchdog.Watchdog(stand.board, ("control",)),
        asyncio,
    )
    booted = heap() - base - hardware_bytes
    import micropython

    micropython.mem_info()
    total = gc.mem_alloc() + gc.mem_free()
    say(
        base=base,
        agent_code=agent_bytes,
        all_code=code_bytes,
        agent_ram=agent_ram,
        booted=base + booted,
        free=total - base - booted,
        total=total,
        parts=len(parts),
    )


def _commission(volume):
    from tools.bench.board.stand import Stand

    stand = Stand(volume)
    stand.boot()
    stand.commission(20)
