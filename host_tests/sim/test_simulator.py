"""The simulated charger as a process: time, energy, power cuts, crashes, flash."""

import os
import time

import pytest

from host_tests.sim.plain_charger import MAGIC_CRASH, MAGIC_REBOOT
from tools.patience import PATIENCE_S
from tools.simulate import SimulateError

UID = "04A2B3C4D5E6F7"


def charge(charger, a=10, wh=6146):
    client = charger.client
    client.do("plug", max_a=16)
    client.do("demand", a=a, wh=wh)
    client.do("tap", uid=UID)
    client.advance(1)


def test_a_session_is_exact_to_the_microjoule(simulator):
    charger = simulator()
    charge(charger)
    assert charger.client.world()["contactor"]
    charger.client.advance(4 * 3600)
    world = charger.client.world()
    assert world["energy_uj"] == 6146 * 3_600_000_000
    assert (world["register_wh"], world["vehicle"], world["contactor"]) == (7146, "B", False)
    # the agent was told of the end with the register of the end
    assert charger.client.status()["session"] == "contactor 0 7146"


def test_a_month_takes_seconds(simulator):
    charger = simulator()
    began = time.monotonic()
    for _ in range(27):
        charge(charger, a=10, wh=15000)
        charger.client.advance(8 * 3600)
        charger.client.do("unplug")
        charger.client.advance(16 * 3600)
    charger.client.advance(3 * 86400)
    took = time.monotonic() - began
    world = charger.client.world()
    assert world["energy_wh"] == 27 * 15000
    assert charger.client.status()["up_ms"] == int(world["virtual_s"] * 1000) > 2**31
    assert took < PATIENCE_S  # a month in real steps of 50 ms would be days


def test_time_stands_still_without_advance(simulator):
    charger = simulator()
    time.sleep(0.2)
    assert charger.client.world()["virtual_s"] == 0


def test_real_time_passes_at_its_pace(simulator):
    charger = simulator(speed=1)
    time.sleep(1)
    assert 0.8 < charger.client.world()["virtual_s"] < 4
    before = charger.client.status()["up_ms"]
    charger.client.advance(3600)
    assert 3_600_000 <= charger.client.status()["up_ms"] - before < 3_610_000


def test_scaled_time_passes_faster(simulator):
    charger = simulator(speed=600)
    charge(charger)
    time.sleep(1)
    assert 300 < charger.client.world()["virtual_s"] < 3600
    assert charger.client.world()["energy_uj"] > 0


def test_kill_is_a_power_cut(simulator):
    charger = simulator()
    charge(charger)
    charger.client.advance(600)
    before = charger.client.world()
    pid = charger.pid
    os.kill(pid, 9)
    charger.restart(dark_s=600)
    after = charger.client.world()
    assert charger.pid != pid
    assert after["virtual_s"] == before["virtual_s"] + 600
    assert after["energy_uj"] == before["energy_uj"]
    assert (after["contactor"], after["vehicle"], after["demand_ma"]) == (False, "B", 10000)
    status = charger.client.status()
    assert status["session"] == "boot B %d" % before["register_wh"]
    assert status["up_ms"] == 0


def test_kills_at_any_moment_leave_a_whole_world_and_a_whole_volume(simulator):
    charger = simulator(speed=100000)
    seen_uj = seen_s = 0
    for round_ in range(6):
        if not charger.client.world()["plugged"]:
            charger.client.do("plug", max_a=16, a=10)
        charger.client.do("tap", uid=UID)
        time.sleep(0.05 + round_ * 0.013)
        charger.restart()
        world = charger.client.world()
        assert world["energy_uj"] >= seen_uj and world["virtual_s"] >= seen_s
        seen_uj, seen_s = world["energy_uj"], world["virtual_s"]
        assert not [line for line in charger.lines if "flash:" in line or "crash" in line]
    assert seen_uj > 0


def test_a_cut_by_command_keeps_the_process(simulator):
    charger = simulator()
    charge(charger)
    pid = charger.pid
    charger.client.do("cut", dark_s=600)
    world = charger.client.world()
    assert charger.running() and charger.pid == pid
    assert (world["contactor"], world["virtual_s"]) == (False, 601)


def test_without_mains_the_charger_is_dark_until_it_comes_back(simulator):
    charger = simulator()
    charge(charger)
    charger.client.do("power", on=False)
    assert charger.client.status()["indication"] == "dark"
    charger.client.advance(1000)
    charger.restart()
    assert charger.client.status()["indication"] == "dark"
    charger.client.do("power", on=True)
    world = charger.client.world()
    assert (world["virtual_s"], world["contactor"], world["energy_uj"]) == (
        1001,
        False,
        2300000000,
    )
    assert charger.client.status()["indication"] == "available"


def test_an_ordered_reboot_is_a_boot(simulator):
    charger = simulator()
    charger.client.advance(10)
    charger.client.do("tap", uid=MAGIC_REBOOT.hex())
    wait_for(charger, lambda s: s["up_ms"] == 0)
    assert charger.running()


def test_a_crash_withdraws_the_permit_and_boots_again(simulator):
    charger = simulator()
    charge(charger)
    charger.client.do("tap", uid=MAGIC_CRASH.hex())
    wait_for(charger, lambda s: s["up_ms"] == 0 and s["permit_ma"] == 0)
    assert "crash: control: RuntimeError: a card too many" in charger.lines
    assert not charger.client.world()["contactor"]


def test_one_crash_after_another_ends_the_process(simulator):
    charger = simulator()
    for crashes in (1, 2):
        charger.client.do("tap", uid=MAGIC_CRASH.hex())
        wait_for(charger, lambda _, n=crashes: told(charger, "crash: ") == n)
    charger.client.do("tap", uid=MAGIC_CRASH.hex())
    end = time.monotonic() + PATIENCE_S
    while charger.running() and time.monotonic() < end:
        time.sleep(0.02)
    assert not charger.running()
    assert told(charger, "stopped: 3 crashes one after another") == 1


def test_flash_that_is_not_blank_is_never_formatted(simulator, tmp_path):
    charger = simulator()
    charger.stop()
    image = tmp_path / "state" / "flash.img"
    image.write_bytes(b"\x55" * image.stat().st_size)
    charger.start()
    assert any("flash.img cannot be mounted" in line for line in charger.lines)
    charger.stop()
    assert set(image.read_bytes()) == {0x55}


def test_blank_flash_is_formatted(simulator, tmp_path):
    charger = simulator()
    charger.stop()
    image = tmp_path / "state" / "flash.img"
    image.write_bytes(b"\xff" * image.stat().st_size)
    charger.start()
    assert charger.client.status()["session"].startswith("boot")


def test_failing_flash_is_a_crash_or_a_lock_never_energy(simulator):
    charger = simulator()
    charger.client.do("plug", max_a=16, a=10)
    charger.client.do("flash", fault="io")
    charger.client.do("tap", uid=UID)
    wait_for(charger, lambda s: s["permit_ma"] == 0)
    assert charger.client.world()["energy_uj"] == 0


def test_the_key_stays_and_is_private(simulator, tmp_path):
    charger = simulator()
    key = charger.key
    charger.restart()
    assert charger.key == key
    assert (tmp_path / "state" / "start.json").stat().st_mode & 0o077 == 0
    assert key not in "".join(charger.lines)
    assert key not in " ".join(charger.launch.argv)


def test_one_state_has_one_charger(simulator):
    simulator()
    with pytest.raises(SimulateError, match="already runs"):
        simulator()


def test_a_state_belongs_to_its_charger(simulator):
    simulator().stop()
    with pytest.raises(SimulateError, match="belongs to charger CH-1"):
        simulator(charger="CH-2")


def told(charger, start):
    return len([line for line in charger.lines if line.startswith(start)])


def wait_for(charger, condition, limit_s=PATIENCE_S):
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        try:
            charger.client.wait_ready()
            if condition(charger.client.status()):
                return
        except OSError:
            pass
        time.sleep(0.02)
    raise AssertionError("\n".join(charger.lines))
