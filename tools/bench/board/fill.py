"""How many sessions fit while nobody names any. Arguments: image to be made, most sessions, copy, when.

Each has 8 h of quarter-hour samples. The checkpoints in between are left out: they take no room that
lasts, and most of the time. After `when` sessions the image is copied to `copy`.
"""

from tools.bench.board.report import heap, say
from tools.bench.board.stand import SESSION_S, SESSION_WH, Stand
from tools.bench.board.volumes import copy, open_counted


def main(image, most, kept, when):
    """Fill the store until no session begins."""
    volume, _ = open_counted(image)
    stand = Stand(volume)
    stand.boot()
    stand.commission(100)
    stand.link(False)
    before = stand.journal_bytes()
    fit, why = 0, ""
    while fit < most:
        try:
            stand.begin(SESSION_WH)
        except RuntimeError as error:
            why = str(error)
            break
        stand.stride(SESSION_S, 900)
        stand.leave()
        fit += 1
        if fit == when:
            copy(image, kept)
        if fit % 100 == 0:
            stand.confirm_list()
    say(
        fit=fit,
        why=why,
        unsent=stand.charger.unsent,
        journal=stand.journal_bytes() - before,
        segments=len(stand.segments()),
        free=volume.free_bytes(),
        heap=heap(),
    )
