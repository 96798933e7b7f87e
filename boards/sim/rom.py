"""Power-on of the simulated processor: its code in memory, as a board's ROMFS partition is.

micropython -m rom STATE [DARK_SECONDS [CRASHES]], in the folder of a built image. Code that is imported
from ROMFS stays where it is: only what it makes lives on the heap (micropython.md section 4 has figures).
An image without `image.romfs`, and an interpreter without ffi or VfsRom, import from the folder.
"""

import gc
import os
import sys

_IMAGE = "image.romfs"
_READ = 1
_PRIVATE = 2


def mapped(path):
    """The bytes of a file where the operating system maps them: they take no heap."""
    import ffi
    import uctypes

    size = os.stat(path)[6]
    libc = ffi.open(None)
    handle = libc.func("i", "open", "si")(path, 0)
    address = libc.func("P", "mmap", "PPiiii")(0, size, _READ, _PRIVATE, handle, 0)
    libc.func("i", "close", "i")(handle)
    return uctypes.bytearray_at(address, size)


def mount(image=_IMAGE, before=(".frozen",)):
    """Put the image at /rom and let imports look there, after the places `before`, if there is one."""
    try:
        import vfs

        memory = memoryview(mapped(image))
        vfs.mount(vfs.VfsRom(memory), "/rom")  # type: ignore[attr-defined]
    except (OSError, ImportError, AttributeError):
        return
    sys.path[:] = list(before) + ["/rom", "/rom/lib"]


if __name__ == "__main__":
    gc.threshold(4096)  # see firmware/boot.py
    mount()
    from boards.sim.start import start

    start()
