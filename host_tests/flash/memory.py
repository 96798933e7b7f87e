"""Memory for a flash image outside the heap: a board's 160 KiB hold no flash beside the agent."""

_READ_WRITE = 3
_PRIVATE_ANONYMOUS = 0x22


def erased(size):
    """`size` writable bytes, all 0xFF."""
    memory = outside(size)
    chunk = b"\xff" * 1024
    for at in range(0, size, len(chunk)):
        memory[at : at + len(chunk)] = chunk
    return memory


def outside(size):
    """`size` writable zero bytes (a multiple of 1024)."""
    try:
        import ffi
        import uctypes
    except ImportError:
        return bytearray(size)
    mmap = ffi.open(None).func("p", "mmap", "pLiiil")
    address = mmap(0, size, _READ_WRITE, _PRIVATE_ANONYMOUS, -1, 0)
    if address == -1:
        raise MemoryError("mmap")
    return memoryview(uctypes.bytearray_at(address, size))
