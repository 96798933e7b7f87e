"""python -m tools.simulate: become the simulated charger."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from tools.simulate.errors import SimulateError
from tools.simulate.launch import Options, help_of, note_pid, prepare

HELP = """Run one charger: the firmware image, booted by MicroPython on simulated hardware.

The command becomes the charger: its process number is the charger's, kill -9 is a power cut, and
the next start with the same --state is the next boot. It prints "ready: control HOST:PORT" when
it is up. The control port takes one JSON object a line and answers one, for instance
{"do":"plug","max_a":16} {"do":"demand","a":10,"wh":6146} {"do":"tap","uid":"04A2B3C4D5E6F7"}
{"do":"advance","s":3600} {"do":"world"} {"do":"status"} {"do":"bus","of":"meter","fault":"cut"}; {"do":"help"} is answered with all names.
"""


def pair(option, text):
    """ "HOST:PORT" -> (host, port)."""
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isdecimal() and int(port) <= 65535):
        raise SimulateError(f"{option}: must be HOST:PORT")
    return host, int(port)


def factor(text):
    """ "max" -> 0, "60" -> 60.0."""
    if text == "max":
        return 0
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value <= 1_000_000:
        raise SimulateError("--speed: must be max, or a number above 0 and up to 1000000")
    return int(value) if value == int(value) else value


def run(
    charger: Annotated[str, typer.Option(help="Id of the charger, 1 to 32 of A-Za-z0-9_-.")],
    state: Annotated[Path, typer.Option(help="Folder of flash image and world.", metavar="DIR")],
    broker: Annotated[
        str, typer.Option(help="MQTT broker.", metavar="HOST:PORT")
    ] = "127.0.0.1:1883",
    key: Annotated[
        str | None,
        typer.Option(help="Master key; else that of the folder, else a new one.", metavar="HEX64"),
    ] = None,
    heap: Annotated[
        int | None,
        typer.Option(help="Heap without the simulated hardware; default: a board's, 160, or 320 for 64 bits.",
                     metavar="KIB"),
    ] = None,
    speed: Annotated[
        str,
        typer.Option(help="World seconds a second; max: only while an advance is served.",
                     metavar="FACTOR|max"),
    ] = "1",
    control: Annotated[
        str, typer.Option(help="Control port on this machine; 0: a free one.", metavar="HOST:PORT")
    ] = "127.0.0.1:0",
    start: Annotated[
        int | None, typer.Option(help="Wall clock of a new world; default: now.", metavar="UNIX")
    ] = None,
    dark_s: Annotated[
        int, typer.Option(help="Seconds without supply before this start.", metavar="N")
    ] = 0,
    word: Annotated[
        int | None, typer.Option(help="Word size, 32 or 64; default: 32 where there is one.")
    ] = None,
    register: Annotated[
        int, typer.Option(help="What the meter of a new world shows.", metavar="WH")
    ] = 1234567,
    meter: Annotated[str | None, typer.Option(help=help_of("meter"))] = None,
    reader: Annotated[str | None, typer.Option(help=help_of("reader"))] = None,
    power: Annotated[str | None, typer.Option(help=help_of("power"))] = None,
    flash_kib: Annotated[
        int,
        typer.Option(help="Size of the flash volume when it is first made; 10,000 subscribers need 3072.",
                     metavar="KIB"),
    ] = 1024,
):  # fmt: skip
    try:
        if word not in (None, 32, 64):
            raise SimulateError("--word: must be 32 or 64")
        options = Options(
            charger=charger,
            broker=pair("--broker", broker),
            state=state.resolve(),
            key=key,
            heap_kib=heap,
            speed=factor(speed),
            control=pair("--control", control),
            start_unix=start,
            dark_s=dark_s,
            word_bits=word,
            register_wh=register,
            meter=meter,
            reader=reader,
            power=power,
            flash_kib=flash_kib,
        )
        launch = prepare(options)
    except SimulateError as error:
        print(f"simulate: {error}", file=sys.stderr)
        raise typer.Exit(2) from error
    note_pid(options.state, os.getpid())
    os.chdir(launch.cwd)
    os.execve(launch.argv[0], launch.argv, launch.env)


def main():
    app = typer.Typer(add_completion=False)
    app.command(help=HELP)(run)
    app(prog_name="python -m tools.simulate")


if __name__ == "__main__":
    main()
