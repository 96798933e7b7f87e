"""Facts about card readers and cards, and where they come from.

PN532: frames computed from NXP UM0701-02 section 6.2; the I2C capture is of a real chip, from
hydrabus/hydrafw issue 141 (2022-12-31). CRC_A: computed from ISO/IEC 14443-3 annex B. SUN: the
worked example of NXP AN12196 (all-zero keys).
"""

# (command and parameters, frame to the chip); (TFI and data, frame from the chip)
COMMANDS = (
    (b"\x02", "0000ff02fed4022a00"),
    (b"\x14\x01\x14\x01", "0000ff05fbd4140114010200"),
    (b"\x32\x05\xff\x01\x01", "0000ff06fad43205ff0101f400"),
    (b"\x4a\x01\x00", "0000ff04fcd44a0100e100"),
    (b"\x60\x01\x01\x10\x20", "0000ff06fad460010110209a00"),
    (b"\x52\x00", "0000ff03fdd45200da00"),
)
ANSWERS = (
    ("d50332010607", "0000ff06fad50332010607e800"),
    ("d515", "0000ff02fed5151600"),
    ("d54b00", "0000ff03fdd54b00e000"),
    ("d54b010100040804deadbeef", "0000ff0cf4d54b010100040804deadbeef9600"),
    ("d54b01010044000704123456789abc", "0000ff0ff1d54b01010044000704123456789abc2500"),
)
ACK = "0000ff00ff00"
NACK = "0000ffff0000"
I2C_READ = "010000ff00ff00022a010607e8"

CRC_A = ("500057cd", "e050bca5", "9370deadbeef22b99c", "300426ee")

SUN_URL = b"e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086"
SUN_UID = b"\x04\xde\x5f\x1e\xac\xc0\x40"
SUN_COUNTER = 61
SUN_SV2 = "3cc30001008004de5f1eacc0403d0000"
SUN_SESSION_KEY = "3fb5f6e3a807a03d5e3570ace393776f"
