"""Power-on of the bench: `micropython -m tools.bench.board.start SCRIPTS NAME ARGUMENT...`.

Run in the folder of a built image, whose code is mounted as on the board; SCRIPTS is where the compiled
tools package lies, NAME the module of this package whose `main` is called. Digits are given as int.
"""

import gc
import sys


def start(scripts, name, arguments):
    """Call main of the script."""
    try:
        import rom  # the simulated chip's own start: code runs from where it lies in ROMFS

        rom.mount()
    except ImportError:
        pass
    if scripts not in sys.path:
        sys.path.append(scripts)
    module = __import__("tools.bench.board." + name, None, None, ("main",))
    module.main(*[int(text) if text.isdigit() else text for text in arguments])


if __name__ == "__main__":
    gc.threshold(4096)  # see firmware/boot.py
    start(sys.argv[1], sys.argv[2], sys.argv[3:])
