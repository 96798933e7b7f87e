"""Power-on of the simulated charger: what the chip and the port do before boot.py runs.

See rom.py for what comes before it.
"""

import asyncio

from boards.sim.board import open_board


def start():
    board = open_board()
    if not board.world.mains:
        asyncio.run(board.dark())
    # On a board the port runs these two by itself, from the top of its file system.
    import boot  # noqa: F401
    import main  # noqa: F401
