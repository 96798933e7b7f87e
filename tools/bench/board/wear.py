"""What typical sessions do to the flash: 8 h plugged, 3 h charging, quarter hours, acknowledged.

Arguments: an image file to be made, count of sessions.
"""

from tools.bench.board.report import heap, say
from tools.bench.board.stand import SESSION_S, SESSION_WH, Stand
from tools.bench.board.volumes import open_counted


def main(image, sessions):
    """Live through the sessions; the first ten are not counted."""
    volume, device = open_counted(image)
    stand = Stand(volume)
    stand.boot()
    stand.commission(100)
    marks = []
    warm = min(10, sessions // 4)
    for n in range(sessions + warm):
        if n == warm:
            before = Counts(device, stand)
        if n % max(1, sessions // 10) == 0:
            marks.append(heap())
        stand.begin(SESSION_WH)
        stand.run(SESSION_S)
        stand.leave()
        if n % 100 == 99:
            stand.confirm_list()
    marks.append(heap())
    after = Counts(device, stand)
    wear = sorted(device.erases_of)
    say(
        sessions=sessions,
        erases=after.erases - before.erases,
        programmed=after.programmed - before.programmed,
        programs=after.programs - before.programs,
        records=after.records - before.records,
        end_record=stand.record_bytes,
        worst_block=wear[-1],
        median_block=wear[len(wear) // 2],
        blocks=device.blocks,
        all_sessions=sessions + warm,
        marks=marks,
    )


class Counts:
    """Counters at one instant."""

    def __init__(self, device, stand):
        self.erases = device.erases
        self.programs = device.programs
        self.programmed = device.programmed_bytes
        self.records = stand.records
