"""RAPI lines: the vectors, and every way in which a line can be bad."""

from hal.power import rapi

# Computed for firmware 8.2.3 / RAPI 5.2.1 from the controller's own rule (XOR before the "^").
VECTORS = (
    ("GS", "$GS^30"), ("GU", "$GU^36"), ("GG", "$GG^24"), ("GV", "$GV^35"), ("GC", "$GC^20"),
    ("FE", "$FE^27"), ("FS", "$FS^31"), ("SC 16 V", "$SC 16 V^65"), ("SY", "$SY^2E"),
    ("SY 165", "$SY 165^3C"),
)  # fmt: skip


def lines(data, cutter=None):
    cutter = cutter or rapi.Cutter()
    found = []
    for byte in data:
        used = cutter.take(byte)
        if used:
            found.append(rapi.decode(cutter.line(used)))
    return found


def answer(text):
    return ("$%s^%02X\r" % (text, rapi.check(("$" + text).encode()))).encode()


def test_the_vectors():
    for command, line in VECTORS:
        assert rapi.encode(command) == line.encode() + b"\r"


def test_a_sequence_number_is_sent_and_found():
    assert rapi.encode("GS", 255)[:8] == b"$GS :FF^"
    assert lines(answer("OK 03 7 03 0140 :0A")) == [("", "OK", ["03", "7", "03", "0140"], 10)]
    for bad in (":00", ":", ":1FF", ":G1", ":+1"):
        assert lines(answer("OK 1 " + bad))[0][0] == "tokens"


def test_what_comes_unasked():
    for kind in rapi.ASYNCHRONOUS:
        assert lines(answer(kind + " 01")) == [("", kind, ["01"], 0)]


def test_a_bad_line_is_refused_with_its_reason():
    for line, reason in (
        (b"", "start"), (b"OK^00", "start"), (b"$O\x80K^00", "ascii"), (b"$OK", "sum"),
        (b"$OK^21", "sum"), (b"$OK^2G", "sum"), (b"$OK^2 ", "sum"), (b"$OK 20", "sum"),
        (answer("XX 1")[:-1], "kind"), (answer("")[:-1], "sum"), (answer("   ")[:-1], "kind"),
        (answer("OK" + " 1" * 11)[:-1], "tokens"),
    ):  # fmt: skip
        assert (line, rapi.decode(line)[0]) == (line, reason)


def test_the_line_after_a_lost_cr_is_whole():
    cutter = rapi.Cutter()
    found = lines(answer("OK 1")[:-1] + answer("OK 2"), cutter)
    assert [line[2] for line in found] == [["2"]]
    assert cutter.refused == 1


def test_a_line_without_an_end_takes_no_memory():
    cutter = rapi.Cutter()
    assert lines(b"$" + b"A" * 1000 + b"\r" + answer("NK"), cutter) == [("", "NK", [], 0)]
    assert cutter.refused > 0


def test_every_flipped_bit_is_seen():
    good = answer("OK 03 7 03 0140")
    for at in range(len(good)):
        for bit in range(8):
            bad = bytearray(good)
            bad[at] ^= 1 << bit
            for line in lines(bytes(bad)):
                # The case of a hex digit of the sum is the one bit that says nothing.
                assert line[0] or line[1:] == ("OK", ["03", "7", "03", "0140"], 0)


def test_numbers():
    for text, base, value in (
        ("0", 10, 0), ("42", 10, 42), ("fF", 16, 255), ("0140", 16, 320), ("-1", 10, -1), ("+1", 10, -1),
        ("1_0", 10, -1), (" 1", 10, -1), ("", 10, -1), ("A", 10, -1), ("G", 16, -1), (":", 16, -1),
        ("99999999999", 10, -1), ("4294967295", 10, -1), ("@", 16, -1), ("`", 16, -1),
    ):  # fmt: skip
        assert (text, rapi.number(text, base)) == (text, value)
    assert rapi.number("80", 10, 0, 79) == -1
