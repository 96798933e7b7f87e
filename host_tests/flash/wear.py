"""What sessions cost in flash, for each geometry: `python -m host_tests.flash.wear [--help]`.

Every session: tap, plug, charge, rest plugged in, leave; online, acknowledged. The counters are those
of the simulated flash, so checkpoints, samples, records, acknowledgements, removed segments and
LittleFS's own moves are all in them. Also says which call on which file paid.
"""

import argparse
from collections import Counter

from hal.mock.cutvolume import CutVolume
from host_tests.flash.volumes import fresh, geometry
from host_tests.scenarios.bench import ANNA, Bench

CYCLES = 100000
SESSIONS_A_DAY = 20
CONFIRM_EVERY = 6  # sessions: once a day or so
CHOICES = ((32, 32), (64, 64), (128, 128), (256, 256), (32, 128))  # progsize, readsize


class PayingVolume(CutVolume):
    """Notes for each (call, file) how often it came, its erases and its programmed bytes."""

    def __init__(self, volume, flash):
        super().__init__(volume, flash)
        self.calls = Counter()
        self.erases = Counter()
        self.bytes = Counter()

    def _call(self, name, *args):
        flash = self.flash
        erases, programmed = flash.erases, flash.programmed_bytes
        try:
            return super()._call(name, *args)
        finally:
            if flash.programmed_bytes != programmed or flash.erases != erases:
                file = str(args[0]).split("/")[0].split(".")[0] if args else ""
                key = "%s %s" % (name, file)
                self.calls[key] += 1
                self.erases[key] += flash.erases - erases
                self.bytes[key] += flash.programmed_bytes - programmed


def measure(progsize, readsize, sessions=1000, blocks=256, wh=7400, rest_s=7200):
    """Live through so many sessions: (figures by name, lines of who paid)."""
    mounted, flash = fresh(blocks, geometry(progsize, readsize))
    volume = PayingVolume(mounted.volume, flash)
    bench = Bench(volume=volume)
    for _ in range(3):
        bench.charge(ANNA, wh, rest_s)
    flash.reset_counters()
    wear = list(flash.erases_of)
    for count in (volume.calls, volume.erases, volume.bytes):
        count.clear()
    for n in range(sessions):
        if n % CONFIRM_EVERY == 0:
            confirm_list(bench)
        bench.charge(ANNA, wh, rest_s)
    wear = [now - then for now, then in zip(flash.erases_of, wear)]
    per_session = flash.erases / sessions
    top = max(wear) / sessions
    paid = [
        "%-22s %7.2f calls %7.3f erases %8.0f bytes a session"
        % (key, volume.calls[key] / sessions, erases / sessions, volume.bytes[key] / sessions)
        for key, erases in volume.erases.most_common()
    ]
    figures = {
        "erases": per_session,
        "programs": flash.programs / sessions,
        "programmed": flash.programmed_bytes / sessions,
        "reads": flash.read_bytes / sessions,
        "worst": top,
        "blocks_used": sum(1 for n in wear if n),
        "years_even": years(per_session / blocks),
        "years_worst": years(top),
        "free": volume.free_bytes() // 1024,
    }
    return figures, paid


def confirm_list(bench):
    """The service says that the list it sent is still the one."""
    message = {
        "version": bench.list_version,
        "part": 1,
        "parts": 1,
        "base": None,
        "at": bench.now_s,
    }
    bench.send("list", message)


def years(erases_a_session):
    """Years of life of a block at this wear."""
    return CYCLES / (max(erases_a_session, 1e-9) * SESSIONS_A_DAY * 365)


def price(shape, size, in_place, folder, neighbours=12, count=1000):
    """(erases, programmed bytes) of one commit of `size` bytes to two slots in turn."""
    volume, flash = fresh(64, shape)
    write = volume.overwrite if in_place else volume.write
    for n in range(neighbours):
        volume.write("n%d" % n, bytes(100))
    volume.write(folder + "first", b"1")
    flash.reset_counters()
    for n in range(count):
        path = folder + "s.%d" % (n & 1)
        write(path, n.to_bytes(4, "little") * (size // 4))
    return flash.erases / count, flash.programmed_bytes / count


def print_commits():
    """What it costs to write one small file, two slots in turn, beside 12 files of 100 bytes."""
    print("erases for 1000 commits (programmed bytes a commit), two slots in turn")
    print("prog size | temporary+rename          | the same in own folder  | in place, own folder")
    for progsize in (16, 32, 64, 128, 256):
        for size in (16, 32, 60, 100, 128):
            shape = geometry(progsize)
            cells = [
                "%5.0f (%4.0f)" % (1000 * erases, programmed)
                for erases, programmed in (
                    price(shape, size, False, ""),
                    price(shape, size, False, "own/"),
                    price(shape, size, True, "own/"),
                )
            ]
            print("%4d %4d | %s" % (progsize, size, "   | ".join(cells)), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sessions", type=int, default=1000, help="sessions to live through")
    parser.add_argument("--blocks", type=int, default=256, help="blocks of 4096 bytes")
    parser.add_argument("--wh", type=int, default=7400, help="energy of a session (3.68 kW)")
    parser.add_argument("--rest-s", type=int, default=7200, help="plugged in after that")
    parser.add_argument("--only", type=int, help="this program size only")
    parser.add_argument("--commits", action="store_true", help="price of one small file instead")
    parser.add_argument("--who", action="store_true", help="say which calls paid")
    options = parser.parse_args()
    if options.commits:
        print_commits()
        return
    hours = options.wh / 3680 + options.rest_s / 3600
    print(
        "%d sessions of %.1f h, %d Wh on %d blocks; years: %d cycles a block, %d sessions a day"
        % (options.sessions, hours, options.wh, options.blocks, CYCLES, SESSIONS_A_DAY)
    )
    head = "prog read inline | erases  programs  prog bytes   read bytes | worst block  blocks"
    print(head + " | years worst block  years if even | free KiB")
    for progsize, readsize in CHOICES:
        if options.only not in (None, progsize):
            continue
        f, paid = measure(
            progsize, readsize, options.sessions, options.blocks, options.wh, options.rest_s
        )
        print(
            "%4d %4d %6d | %6.2f  %8.1f  %10.0f   %10.0f | %11.4f  %6d | %17.1f  %13.1f | %d"
            % (
                progsize,
                readsize,
                min(512, 4 * max(progsize, readsize)),
                f["erases"],
                f["programs"],
                f["programmed"],
                f["reads"],
                f["worst"],
                f["blocks_used"],
                f["years_worst"],
                f["years_even"],
                f["free"],
            ),
            flush=True,
        )
        if options.who:
            print("\n".join("     " + line for line in paid), flush=True)


if __name__ == "__main__":
    main()
