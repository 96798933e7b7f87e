"""Modbus RTU frames: request, what it asks for, and for the first one the answer and its value.

Origin: the first pair is the worked example of the Eastron SDM630 manual with its CRC computed; the others
are computed from the meters' register lists. None was captured from a meter.
"""

FRAMES = (
    ("010400000002 71cb", (4, 0x00, 2), "01040443663334 1b38", 230),
    ("010400480002 f1dd", (4, 0x48, 2), None, None),
    ("010400000050 f036", (4, 0x00, 80), None, None),
    ("010400340002 3005", (4, 0x34, 2), None, None),
)
