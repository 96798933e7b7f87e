"""Meters on Modbus RTU: their own register, exact, whatever the line does (laws 3 and 15)."""

import binascii
import struct

from hal.meters import modbus, modbus_table
from hal.mock.buses import SimPin
from hal.mock.chips.modbus_slave import ModbusSlave
from hal.mock.chips.rs485 import SimRs485
from hal.mock.ports import MockClock
from hal.mock.world import World
from host_tests.hal.data.modbus_frames import FRAMES

TURN_MS = 50
SDM630 = modbus_table.Model("sdm630")
EM340 = modbus_table.Model("em340")


class Desk:
    """A meter, its line and its driver; time in turns of the control task."""

    def __init__(self, kind="sdm630", de=False, given="", base_wh=0, told=12345678):
        self.world = World(meter_base_wh=base_wh)
        baud = modbus_table.Model(kind).baud
        self.slave = ModbusSlave(self.world, kind, serial=told, baud=baud)
        self.de = SimPin(0) if de else None
        self.line = SimRs485(lambda: self.world.now_ms, self.slave, baud, self.de)
        self.timers = []
        self.chip = {"model": kind, "serial": given, "source": "mid"}
        self.boot()

    def boot(self):
        self.clock = MockClock(self.world, (1 << 30) - 1000)
        objects = {"bus": self.line, "settings": {"baud": self.slave._baud}, "de": self.de}
        objects["later"] = lambda ms, call: self.timers.append((self.world.now_ms + ms, call))
        self.meter = modbus.open_driver(self.chip, objects, self.clock)

    def turns(self, count):
        for _ in range(count):
            self.meter.attend()
            until = self.world.now_ms + TURN_MS
            while self.timers:
                due, call = self.timers.pop(0)
                self.step(due)
                call(None)
            self.step(until)

    def step(self, until):
        self.world.permit(32000)
        self.world.step(until, leased=True)

    def charge(self):
        self.world.plug(32000, 3)
        self.world.permit(32000)
        self.world.demand(32000)

    def wh(self):
        reading = self.meter.read()
        return None if reading is None else reading.register_wh


def test_frames_of_the_manual():
    for asked, request, answer, value in FRAMES:
        frame = binascii.unhexlify(asked.replace(" ", ""))
        assert modbus.crc16(frame, 0, 6) == frame[6] | frame[7] << 8
        assert struct.unpack(">BHH", frame[1:6]) == request
        if answer:
            frame = binascii.unhexlify(answer.replace(" ", ""))
            at = modbus.find_answer(frame, len(frame), 1, 4, 4)
            assert at == 3 and modbus_table.number(frame, at, SDM630, 0) == value


def wh_of_float(value):
    return modbus_table.energy_wh(struct.pack(">f", value), 0, SDM630)


def test_float_kwh_become_whole_wh_exactly_and_rounded_down():
    assert wh_of_float(0.0) == 0
    assert wh_of_float(0.0009) == 0
    assert wh_of_float(1.0) == 1000
    assert wh_of_float(0.5) == 500
    assert wh_of_float(16777215.0) == 16777215000
    assert wh_of_float(99999.9921875) == 99999992
    assert wh_of_float(1e-45) == 0
    assert modbus_table.energy_wh(b"\x4b\x80\x00\x01", 0, SDM630) == 16777218000
    # 0.1 as float32 is 0.100000001490116...
    assert wh_of_float(0.1) == 100
    # 0.7 as float32 is 0.699999988079071...
    assert wh_of_float(0.7) == 699


def test_no_number_is_no_register():
    for bits in ("7fc00000", "7f800000", "ff800000", "bf800000", "80000000", "7f7fffff"):
        assert modbus_table.energy_wh(binascii.unhexlify(bits), 0, SDM630) is None
    for words in ("ffff7fff", "ffffffff", "00008000"):
        assert modbus_table.energy_wh(binascii.unhexlify(words), 0, EM340) is None


def test_each_byte_order_is_its_own():
    assert modbus_table.energy_wh(b"\xe2\x40\x00\x01", 0, EM340) == 12345600
    assert modbus_table.energy_wh(b"\x00\x01\xe2\x40", 0, EM340) is None
    assert modbus_table.energy_wh(b"\x00\x01\x00\x02", 0, EM340) == 131073 * 100
    assert modbus_table.energy_wh(b"\x00\x00\x43\x66", 0, SDM630) == 0
    assert modbus_table.number(b"\xfc\x18\xff\xff", 0, EM340, 2) == -100
    assert modbus_table.number(struct.pack(">f", -2.5), 0, SDM630, 1) == -2500


def test_a_late_answer_can_fit_no_other_request():
    for name in modbus_table.MODELS:
        model = modbus_table.Model(name)
        assert model.values[1] not in (2, 0)
        assert model.values[1] <= model.most
        assert model.function != modbus.HOLDING or model.number is None
        assert 2 * model.values[1] + 5 <= modbus._BUFFER // 2


def test_every_meter_tells_register_and_phases():
    for kind in modbus_table.MODELS:
        desk = Desk(kind, given="EM-77" if kind == "em340" else "", base_wh=7300)
        desk.charge()
        if kind == "sdm120":
            desk.world.phases = 1
        desk.turns(20)
        reading = desk.meter.read()
        phases = 1 if kind == "sdm120" else 3
        none = (0,) * (3 - phases)
        assert reading.serial == ("EM-77" if kind == "em340" else "12345678"), kind
        assert reading.source == "mid"
        assert reading.power_w == 7360 * phases, (kind, reading.power_w)
        assert reading.current_ma == (32000,) * phases + none
        assert reading.voltage_v == (230,) * phases + none
        assert abs(reading.register_wh - desk.world.register_wh()) <= 100
        assert desk.meter.complaint() == "" and desk.slave.hurried == 0


def test_a_reading_is_not_older_than_a_second_and_silence_is_no_reading():
    desk = Desk()
    desk.charge()
    desk.turns(20)
    assert desk.wh() is not None
    desk.line.lines.cut = True
    desk.turns(22)
    assert desk.wh() is None and desk.meter.complaint() == ""
    for _ in range(9):  # more than a period of the ticks
        desk.world.step(desk.world.now_ms + (1 << 27))
        desk.turns(1)
        assert desk.wh() is None
    desk.line.lines.cut = False
    desk.turns(20)
    assert 0 <= desk.world.register_wh() - desk.wh() <= 9


def test_the_transmitter_is_off_before_the_meter_answers():
    for kind in ("sdm120", "sdm630"):
        desk = Desk(kind, de=True)
        desk.turns(40)
        assert desk.wh() == 0 and desk.de.value() == 0
        assert desk.line.cut_short == 0 and desk.line.lost == 0


def test_a_lost_timer_costs_one_answer():
    desk = Desk(de=True)
    desk.turns(20)
    real = desk.meter._later
    desk.meter._later = lambda ms, call: None
    desk.turns(3)
    desk.meter._later = real
    desk.turns(20)
    assert desk.wh() == 0 and desk.line.lost > 0
    before = desk.line.lost
    desk.turns(40)
    assert desk.line.lost == before


def test_bus_faults_never_change_the_register_wrongly_and_complaints_clear():
    for fault in ("crc_every", "silent_every", "late_every", "foreign_every", "flip", "drop"):
        desk = Desk(base_wh=123456)
        desk.charge()
        desk.turns(20)
        if fault == "flip":
            desk.line.lines.flip_every = 23
        elif fault == "drop":
            desk.line.lines.drop_every = 31
        else:
            setattr(desk.slave, fault, 3)
        last, read = 0, 0
        for _ in range(400):
            desk.turns(1)
            wh = desk.wh()
            if wh is not None:
                read += 1
                # 1 s and an answer's delay at 22 kW are 9 Wh
                assert 0 <= desk.world.register_wh() - wh <= 9, (fault, wh)
                assert wh >= last
                last = wh
        assert read > 40, (fault, read)
        desk.slave.crc_every = desk.slave.silent_every = desk.slave.late_every = 0
        desk.slave.foreign_every = 0
        desk.line.lines.flip_every = desk.line.lines.drop_every = 0
        desk.turns(40)
        assert desk.meter.complaint() == "" and desk.wh() is not None, fault
        # a meter that answers when nobody expects it breaks the silence itself
        assert desk.slave.hurried == 0 or fault == "late_every", fault


def test_garbled_answers_are_a_complaint_until_they_are_good_again():
    for fault in ("crc", "foreign", "refuse", "overflow", "stuck"):
        desk = Desk()
        desk.turns(20)
        assert desk.meter.complaint() == ""
        desk.slave.crc_every = 1 if fault == "crc" else 0
        desk.slave.foreign_only = fault == "foreign"
        desk.slave.refuse = 2 if fault == "refuse" else 0
        desk.slave.overflow = fault == "overflow"
        desk.line.lines.stuck = 0xFF if fault == "stuck" else None
        desk.turns(80)
        assert desk.meter.complaint() == "meter_bus", fault
        assert desk.wh() is None
        desk.slave.crc_every = desk.slave.refuse = 0
        desk.slave.foreign_only = desk.slave.overflow = False
        desk.line.lines.stuck = None
        desk.turns(40)
        assert desk.meter.complaint() == "" and desk.wh() == 0, fault


def test_an_answer_always_too_late_never_counts_for_another_request():
    for every, late_ms in ((1, 400), (1, 650), (2, 500), (2, 650), (3, 900), (5, 1500)):
        desk = Desk()
        desk.charge()
        desk.turns(20)
        desk.slave.late_every, desk.slave.late_ms = every, late_ms
        for _ in range(200):
            desk.turns(1)
            wh = desk.wh()
            # a second at 22 kW is 6.2 Wh, and a float32 is less than one Wh off here
            assert wh is None or 0 <= desk.world.register_wh() - wh <= 7, (every, late_ms)
        desk.slave.late_every = 0
        desk.turns(40)
        assert desk.wh() is not None and desk.meter.complaint() == ""


class BrokenUart:
    """A UART whose port fails."""

    def any(self):
        raise OSError(5, "EIO")

    def write(self, data):
        raise OSError(5, "EIO")


def test_a_uart_that_fails_raises_nothing_and_is_no_reading():
    desk = Desk(de=True)
    desk.turns(20)
    real = desk.meter._uart
    desk.meter._uart = BrokenUart()
    desk.turns(30)
    assert desk.wh() is None
    desk.meter._uart = real
    desk.turns(30)
    assert desk.wh() == 0


def test_the_meters_that_take_too_long_reads_refuse_them():
    for kind, most in (("sdm630", 80), ("em340", 50)):
        slave = ModbusSlave(World(), kind)
        assert slave._frame(4, 0, most)[:3] == bytes([1, 4, 2 * most])
        assert slave._frame(4, 0, most + 1) == bytes([1, 0x84, 3])
        assert slave._frame(4, 0x900, 2) == bytes([1, 0x84, 2])


def test_a_meter_without_a_number_takes_that_of_the_description_or_is_not_read():
    desk = Desk(told=None, given="S-9")
    desk.turns(20)
    assert desk.meter.read().serial == "S-9" and desk.meter.complaint() == ""
    desk = Desk(told=None)
    desk.turns(40)
    assert desk.meter.read() is None and desk.meter.complaint() == "meter_bus"


def test_another_meter_is_noticed_within_two_minutes():
    desk = Desk()
    desk.turns(20)
    desk.slave.serial = 87654321
    desk.turns(2400)
    assert desk.meter.read().serial == "87654321"


def a_day(kind, count_wh):
    desk = Desk(kind, given="S-1", base_wh=9876543)
    desk.charge()
    last = 0
    for hour in range(24):
        if hour == 11:
            # the supply is gone for 20 minutes, and the charger with it
            desk.world.set_mains(False)
            desk.turns(40)
            assert desk.wh() is None
            desk.world.restart(1200000)
            desk.world.set_mains(True)
            desk.boot()
        for _ in range(4):
            desk.step(desk.world.now_ms + 900000 - 20 * TURN_MS)
            desk.turns(20)
            wh, truth = desk.wh(), desk.world.register_wh()
            # within a count, and what flows in the second that a reading may be old
            assert wh is not None and -count_wh <= wh - truth <= count_wh
            assert last <= wh
            assert truth - count_wh - 9 <= wh
            last = wh
    desk.world.demand(0)
    desk.turns(20)
    assert abs(desk.wh() - desk.world.register_wh()) <= count_wh
    assert desk.world.energy_uj // 3600000000 > 500000
    assert desk.meter.complaint() == ""


def test_a_day_at_22_kw_with_a_power_cut_on_an_sdm630():
    # a float32 of 10,000 kWh counts in 0.98 Wh; 9 Wh are a second's and a half
    a_day("sdm630", 9)


def test_a_day_at_22_kw_with_a_power_cut_on_an_em340():
    a_day("em340", 109)


def test_a_float_plateau_is_the_step_of_its_size():
    desk = Desk(base_wh=99000000)
    desk.charge()
    seen = set()
    for _ in range(200):
        desk.turns(1)
        if desk.wh() is not None:
            seen.add(desk.wh())
            assert abs(desk.wh() - desk.world.register_wh()) <= 17
    steps = sorted(seen)
    assert len(steps) > 4
    assert min(b - a for a, b in zip(steps, steps[1:])) in (7, 8)
