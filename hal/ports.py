"""The ports of the charger's hardware, written like a data sheet.

A board gives one object for each port. Agent and firmware know nothing else of the hardware. Every
call is made from the one asyncio thread, returns within the time given at the class, and never
waits for a network, a bus that does not answer, or a person.

Units are in the names: `_ma` milliampere, `_w` watt, `_v` volt, `_wh` watt-hour, `_ms` millisecond.
All numbers are ints: a board's floats have 24 bits, which loses watt-hours.

Vehicle states (IEC 61851-1, as the control pilot shows them)

==  =========================================================================================
A   no vehicle: the pilot stands at +12 V
B   vehicle connected, it does not ask for energy (not ready, full, or not yet offered any)
C   vehicle connected and asking; the contactor may be closed by the power board
D   as C, and the vehicle demands ventilation of the room
E   pilot at 0 V: short to earth, or the supply equipment is without power; an error
F   pilot at -12 V: the charger offers nothing; an error or out of service
==  =========================================================================================

A vehicle can be plugged or unplugged at any instant, so any state may follow any other.
"""

VEHICLE_STATES = "ABCDEF"

NO_CURRENT_MA = 0
LEAST_LIMIT_MA = 6000  # IEC 61851-1: the pilot cannot offer less
MOST_LIMIT_MA = 80000

# Words a power board may report. An agent treats a word it does not know like "internal".
FAULT_WORDS = (
    "residual_current",  # RCD or 6 mA d.c. detection tripped; latched until a person resets it
    "ground",  # protective earth missing
    "pilot",  # short, missing diode, or a voltage between the bands
    "welded",  # load side still live 1 s after the contactor was told to open
    "stuck_open",  # load side dead 1 s after the contactor was told to close
    "over_current",
    "over_temperature",
    "internal",  # the power board failed its own test, or does not answer
)


class Reading:
    """One answer of the energy meter.

    register_wh: active energy imported since the meter was made, whole Wh, 0 and up. It only rises,
        except when the meter fails: whoever takes differences checks.
    serial: the meter's serial number, 1 to 24 characters; a difference is only taken between two
        readings with the same one.
    power_w: momentary active power. current_ma, voltage_v: tuples of three, phases L1 L2 L3, 0 for
        a phase that is not connected.
    age_ms: how old the register is at most: what flowed since then may not be counted yet. A session's
        end waits for an answer that counts all of it.
    source: "mid" for a certified meter, "internal" for the charger's own.
    """

    def __init__(self, register_wh, serial, power_w=0, current_ma=(0, 0, 0), voltage_v=(0, 0, 0),
                 source="internal", age_ms=0):  # fmt: skip
        self.register_wh = register_wh
        self.serial = serial
        self.power_w = power_w
        self.current_ma = current_ma
        self.voltage_v = voltage_v
        self.source = source
        self.age_ms = age_ms


# Words for what is wrong with the hardware and is no fault of the power board (Board.complaints).
COMPLAINT_WORDS = (
    "meter_bus",  # the meter answers, and its answers are garbled
    "meter_uncalibrated",  # the board description holds no constants of this very board
    "reader_silent",  # the card reader does not answer
    "power_bus",  # the power board's answers are garbled
)


class Driver:
    """What every driver has in common: its turn, in which it talks to its chip."""

    def attend(self):
        """Take a turn: every 50 ms, by the control task, at most 3 ms long.

        What takes longer is begun in one turn and looked at in a later one. Never raises: a bus that
        fails is what `read`, `fault`, `healthy` and `complaint` tell.
        """

    def complaint(self):
        """Return "" or one of COMPLAINT_WORDS."""
        return ""


class Meter(Driver):
    """Energy meter. A call takes at most 5 ms: a driver on a slow bus reads in its turns."""

    def begin(self, volume, register_wh, serial):
        """Told once at boot, before `read`: where a register that the chip forgets can be kept.

        register_wh, serial: what the charger itself noted of the register last (None, "" when nothing).
        A register that is made up of a chip's counts goes on from there when it was kept lower, so
        that it never goes back over a power cut. A meter that remembers by itself has no use for this.
        """

    def read(self):
        """Return a `Reading` not older than 1 s, or None when the meter gave no valid answer.

        Never raises. Called once a second, and once more whenever vehicle, contactor or fault
        change, so that the register at the change is known.
        """
        raise NotImplementedError


class PowerBoard(Driver):
    """The part that holds the contactor and the pilot, and that owns electrical safety.

    It opens the contactor by itself within 100 ms of a pilot fault or a vehicle that stops asking,
    closes it only in C or D, and looks after RCD, earth, weld and over-current. Software can only
    permit or forbid. Calls take at most 2 ms and never raise: a board that does not answer is
    fault() == "internal", vehicle() == "F", contactor() == False.
    """

    lease_ms = 2000

    def begin(self, volume):
        """Told once at boot: where a fault that only a person ends can be kept over a power cut."""

    def vehicle(self):
        """Return the vehicle state, one letter of `VEHICLE_STATES`, debounced."""
        raise NotImplementedError

    def permit(self, limit_ma):
        """Permit energy up to `limit_ma` a phase: 6000..80000, or 0 for none.

        Any other value is taken as 0. 0 ends the pilot's offer at once, and the contactor opens when the
        vehicle has stopped drawing or, where it does not, after 6 s under load; a new limit may take the
        5 s which the standard gives a vehicle. The permit is a lease: it ends by itself `lease_ms` after the last
        call, so the control task repeats it in every step, and a program that hangs, crashes or is
        reset gives no energy. Only the control task and the boot code call this.
        """
        raise NotImplementedError

    def contactor(self):
        """Return True while the load side is live (feedback, not the order given)."""
        raise NotImplementedError

    def fault(self):
        """Return "" or one of `FAULT_WORDS`. With a fault the contactor is kept open."""
        raise NotImplementedError


TWO_CARDS = ("two_cards", b"")


class CardReader(Driver):
    """Reader for contactless cards. A call takes at most 3 ms and never raises.

    proof: bytes that the card told last proves itself with (the URL of an NTAG 424 DNA), b"" for a card,
    or a reader, that has none. It is the card's own word: the agent verifies it.
    """

    proof = b""

    def poll(self):
        """Return None, or (kind, uid) once for each time a card is held to the reader.

        kind: "ISO14443". uid: bytes, 4, 7 or 10 of them, in transmission order, complete: no check
        bytes, no padding, no cascade tag. Where two cards answer over each other: TWO_CARDS, once, and
        neither of them until both have left.
        """
        raise NotImplementedError

    def healthy(self):
        """Return False while the reader does not answer."""
        raise NotImplementedError


class Clock:
    """Ticks since some instant before the boot."""

    period_ms = 1 << 30

    def ticks_ms(self):
        """Return milliseconds modulo `period_ms`. Never goes back, stands still in no sleep mode.

        Take differences modulo `period_ms`, at least once in half a period (6.2 days).
        """
        raise NotImplementedError


class Indicator:
    """What a person at the charger sees: a light, a buzzer, a display."""

    def show(self, word):
        """Show one of locked, available, authorized, charging, suspended, finishing, faulted,
        refused, asking, identify. An unknown word is shown like "faulted". Cheap when nothing changes.
        """
        raise NotImplementedError


class Volume:
    """Files on flash. Every change is durable when the call returns.

    Paths are relative to the volume, with "/" between names; parents are made. An empty file counts
    as absent everywhere: a power cut can leave one. Every call may raise OSError (EIO: flash or
    volume broken; ENOSPC: full, the old content stands) and may take 400 ms (an erase), so no
    call is made where 400 ms matter.
    """

    def read(self, path):
        """Return the whole content as bytes, None when absent."""
        raise NotImplementedError

    def write(self, path, data):
        """Make `data` the content. After a power cut at any instant: the old or the new, whole."""
        raise NotImplementedError

    def overwrite(self, path, data):
        """Store a small file whose loss its owner can bear: after a power cut it may be the old content,
        the new one, or empty. Cheaper than `write` for state that is kept twice in turn.
        """
        self.write(path, data)

    def append(self, path, data):
        """Add `data` at the end. After a power cut before the return, any part of it may stand."""
        raise NotImplementedError

    def open(self, path):
        """Return a file to read (`seek`, `readinto`, `read`, `close`). OSError(ENOENT) if absent.

        Close it before the same path is written, appended to, renamed or removed.
        """
        raise NotImplementedError

    def rename(self, old, new):
        """Rename a file, replacing `new`; at any instant one of both contents is at `new`."""
        raise NotImplementedError

    def remove(self, path):
        """Remove a file; no error when absent."""
        raise NotImplementedError

    def names(self, folder):
        """Return the sorted names of the files in `folder` ("" is the top), [] if absent.

        Folders, empty files and unfinished writes are not named.
        """
        raise NotImplementedError

    def size(self, path):
        """Return the size in bytes, -1 when absent."""
        raise NotImplementedError

    def free_bytes(self):
        """Return how many bytes can still be written, roughly (whole blocks)."""
        raise NotImplementedError


class Network:
    """The way to the broker and to a time server."""

    def up(self):
        """Return True while packets can be expected to pass."""
        raise NotImplementedError

    def use_broker(self, host, port):
        """Take the broker of the charger's identity. Called once, before the first `host_port`."""
        raise NotImplementedError

    def host_port(self):
        """Return (host, port) of the broker: text and 1..65535."""
        raise NotImplementedError

    def fetch_unix_ms(self):
        """Return the time in ms since 1970 UTC from a source that is trusted, None without one."""
        raise NotImplementedError


class Board:
    """One charger controller: its ports and the few things that are the board's alone.

    Attributes: name, power, meter, reader, clock, indicator, network (the ports above).
    """

    name = "?"
    power = PowerBoard()
    meter = Meter()
    reader = CardReader()

    def volume(self):
        """Return the mounted `Volume`; where it cannot be mounted, one whose calls all raise.

        A board formats only flash that is blank. It says on the console what it did.
        """
        raise NotImplementedError

    def commissioning(self):
        """Return what an installer left with the board, or None.

        A dict with "charger" (text), "key" (64 hex digits), "host" (text) and "port" (int). Boards
        in the field return None: their installer writes the identity file.
        """
        return None

    def attend(self):
        """Give every driver its turn; at the start of each step of the control task."""
        self.power.attend()
        self.meter.attend()
        self.reader.attend()

    def complaints(self):
        """Return the words (COMPLAINT_WORDS) for what is wrong now, a tuple, empty when nothing is."""
        words = [word for word in (self.meter.complaint(), self.power.complaint()) if word]
        if not self.reader.healthy():
            words.append("reader_silent")
        return tuple(words)

    def attach(self, agent, uptime):
        """Told once after the agent has booted; a board with a console may show its belief."""

    def reset(self, reason):
        """Restart the processor. Does not return. reason: "order" or "crash"."""
        raise NotImplementedError

    def feed_watchdog(self):
        """Hold off the hardware watchdog. Called by the watchdog task only."""
        raise NotImplementedError

    async def pause_ms(self, due_ms):
        """Wait for the next step of the control task: 50 ms.

        due_ms: when the agent next has something to do by itself. A board whose time is simulated
        may let all of that pass at once; it then keeps the permit's lease alive, as the control
        task would have, and comes back early when anything the agent can see changes.
        """
        raise NotImplementedError

    async def wait_ms(self, ms):
        """Sleep `ms` of the charger's time in a task other than the control task."""
        raise NotImplementedError
