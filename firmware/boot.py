"""First program on the board: no energy, before anything else."""

import gc

# Collected often while the modules load: garbage between them would leave the heap in small holes,
# and the buffers that come last need kilobytes in one piece.
try:
    gc.threshold(4096)
except (AttributeError, TypeError):  # CPython
    pass

from boards.selected import open_board

open_board().power.permit(0)
