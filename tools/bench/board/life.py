"""Heap marks over thousands of short sessions. Arguments: image to be made, sessions.

The volume is small (256 KiB), so that the journal has come round many times.
"""

from tools.bench.board.report import heap, say
from tools.bench.board.stand import Stand
from tools.bench.board.volumes import open_counted

BLOCKS = 64
MARKS = 20


def main(image, sessions):
    """Live through the sessions; a mark every twentieth of them."""
    volume, device = open_counted(image, BLOCKS)
    stand = Stand(volume)
    stand.boot()
    stand.commission(20)
    marks = [heap()]
    for n in range(1, sessions + 1):
        stand.begin(30)
        stand.run(20)
        stand.leave()
        if n % (sessions // MARKS) == 0:
            marks.append(heap())
            stand.confirm_list()
    say(sessions=sessions, marks=marks, records=stand.records, erases=device.erases)
