"""One folder a board: its pins and chips, how its flash is mounted, how its time passes."""
