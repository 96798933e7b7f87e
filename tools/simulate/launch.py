"""Everything between the options of a person and the command line of the charger's process."""

import json
import os
import re
import secrets
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

from boards.sim.fitting import METERS, POWERS, READERS
from tools.image import BuildError, CompileError, build
from tools.setup import interpreters, missing
from tools.setup.interpreters import CHIPS_KIB, HARDWARE_KIB, HEAP_KIB
from tools.simulate.errors import SimulateError

LOOPBACK = ("127.0.0.1", "::1")
HEAP_RANGE_KIB = (64, 1 << 20)
# what there is beside "mock": simulated chips with the real driver over them
FITTED = {"meter": tuple(METERS), "reader": tuple(READERS), "power": tuple(POWERS)}
FLASH_RANGE_KIB = (256, 1 << 16)
BLOCK_KIB = 4


@dataclass(frozen=True)
class Options:
    """A charger to simulate.

    broker, control: (host, port); control's port 0 means a free one. key: 64 hex digits, None for
    the one of the state folder, else a new one. heap_kib: None for a board's. speed: world seconds
    per second, 0 for as fast as possible. start_unix: wall clock of a new world, None for now.
    dark_s: how long the charger was without supply before this start. word_bits: 32 or 64, None for
    32 where it is to be had. register_wh: what the meter of a new world shows at first. image: a
    built image to boot, None to build it. meter, reader, power: "mock" or a name in FITTED, None for
    that of the state folder, else the mock. flash_kib: size of the volume when it is first made.
    """

    charger: str
    broker: tuple
    state: Path
    key: str | None = None
    heap_kib: int | None = None
    speed: float = 1
    control: tuple = ("127.0.0.1", 0)
    start_unix: int | None = None
    dark_s: int = 0
    word_bits: int | None = None
    register_wh: int = 1234567
    image: Path | None = None
    meter: str | None = None
    reader: str | None = None
    power: str | None = None
    flash_kib: int = 1024


@dataclass(frozen=True)
class Launch:
    """A process to start: `argv`, in the folder `cwd`, with the environment `env`.

    control: (host, port) where it will listen. key: the charger's key. interpreter: its label.
    """

    argv: list
    cwd: Path
    env: dict = field(repr=False)
    control: tuple
    key: str = field(repr=False)
    interpreter: str


def prepare(options):
    """Check the options, build the image, write the state folder's start.json, return a `Launch`."""
    _check(options)
    state = Path(options.state).resolve()
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SimulateError(f"--state: {error}") from error
    before = _before(state)
    _refuse_running(state)
    if before.get("charger", options.charger) != options.charger:
        raise SimulateError(f"--state: {state} belongs to charger {before['charger']}")
    key = (options.key or before.get("key") or secrets.token_hex(32)).lower()
    fitted = {role: _fitted(options, role, before, state) for role in FITTED}
    if fitted["meter"] == "openevse" != fitted["power"]:
        raise SimulateError("--meter: openevse is a part of --power openevse")
    interpreter = _interpreter(options.word_bits)
    image = options.image or _image()
    bits = interpreter.word_bits
    heap = (options.heap_kib or HEAP_KIB[bits]) + HARDWARE_KIB[bits]
    if set(fitted.values()) != {"mock"}:
        heap += CHIPS_KIB[bits]
    command = [interpreter.path, "-X", f"heapsize={heap}K", "-m", "rom"]
    control = (options.control[0], options.control[1] or free_port(options.control[0]))
    start = {
        "charger": options.charger,
        "key": key,
        "host": _address(options.broker[0]),
        "port": options.broker[1],
        "speed": options.speed,
        "control": list(control),
        "unix": before.get("unix", int(time.time()) if options.start_unix is None else options.start_unix),
        "register_wh": before.get("register_wh", options.register_wh),
        "meter_serial": before.get("meter_serial", f"SIM-{options.charger}"[:24]),
        **fitted,
        "flash_kib": before.get("flash_kib", options.flash_kib),
        "command": command,
    }  # fmt: skip
    _write_private(state / "start.json", json.dumps(start, indent=1))
    path = f".frozen:{image}:{image}/lib"
    return Launch(
        argv=[*command, str(state), str(options.dark_s)],
        cwd=Path(image),
        env={**os.environ, "MICROPYPATH": path},
        control=control,
        key=key,
        interpreter=interpreter.label,
    )


def help_of(role, otherwise="the folder's, else mock"):
    """What --meter, --reader or --power can be, for people."""
    names = ", ".join(FITTED[role])
    return f"mock, or a simulated chip under its real driver: {names}. Default: {otherwise}."


def note_pid(state, pid):
    """Leave the charger's process number in its state folder."""
    (Path(state) / "pid").write_text(f"{pid}\n")


def free_port(host="127.0.0.1"):
    """Return a TCP port that nobody listens on now."""
    with socket.create_server((host, 0)) as server:
        return server.getsockname()[1]


def _check(options):
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", options.charger):
        raise SimulateError("--charger: 1 to 32 letters, digits, _ or -")
    if options.key is not None and not re.fullmatch(r"[0-9A-Fa-f]{64}", options.key):
        raise SimulateError("--key: must be 64 hex digits")
    low, high = HEAP_RANGE_KIB
    if options.heap_kib is not None and not low <= options.heap_kib <= high:
        raise SimulateError(f"--heap: must be {low} to {high} KiB")
    low, high = FLASH_RANGE_KIB
    if not low <= options.flash_kib <= high or options.flash_kib % BLOCK_KIB:
        raise SimulateError(
            f"--flash-kib: must be {low} to {high} KiB, whole blocks of {BLOCK_KIB}"
        )
    if options.speed < 0:
        raise SimulateError("--speed: must be a positive number, or max")
    if options.control[0] not in LOOPBACK:
        raise SimulateError("--control: the port has no password, so only 127.0.0.1 is allowed")
    if options.dark_s < 0:
        raise SimulateError("--dark-s: must not be negative")
    if options.start_unix is not None and not 0 <= options.start_unix <= 4102444800:
        raise SimulateError("--start: must be seconds since 1970, at most 4102444800")
    if not 0 <= options.register_wh <= 1_000_000_000:
        raise SimulateError("--register: must be 0 to 1000000000 Wh")


def _fitted(options, role, before, state):
    had = before.get(role, "mock") if before else None
    name = getattr(options, role) or had or "mock"
    if name not in ("mock", *FITTED[role]):
        raise SimulateError(f"--{role}: must be mock, {', '.join(FITTED[role])}")
    if had and name != had:
        raise SimulateError(f"--{role}: {state} was made with {had}, not with {name}")
    return name


def _before(state):
    try:
        return json.loads((state / "start.json").read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SimulateError(f"--state: {state}/start.json: {error}") from error


def _refuse_running(state):
    try:
        pid = int((state / "pid").read_text())
        seen = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return
    if pid != os.getpid() and str(state).encode() in seen:
        raise SimulateError(f"--state: a charger already runs on {state} (process {pid})")


def _interpreter(word_bits):
    had = {found.word_bits: found for found in interpreters()}
    for bits in (word_bits,) if word_bits else (32, 64):
        if bits in had:
            return had[bits]
    why = "; ".join(f"{name}: {reason}" for name, reason in missing()) or "run `make setup`"
    wanted = f"with {word_bits}-bit words " if word_bits else ""
    raise SimulateError(f"there is no MicroPython {wanted}to run the charger on. {why}")


def _image():
    try:
        return build("sim")
    except (BuildError, CompileError) as error:
        raise SimulateError(f"the image cannot be built: {error}") from error


def _address(host):
    # The charger takes addresses only; names are resolved here.
    try:
        return socket.gethostbyname(host)
    except OSError as error:
        raise SimulateError(f"--broker: {host}: {error}") from error


def _write_private(path, text):
    part = path.with_suffix(".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    part.replace(path)
