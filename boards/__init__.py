"""One folder a board: a description (board.json, opened by described.py) or code of its own (sim)."""
