"""What happens to an exception that nobody expected: no energy, a few lines, restart."""

import io
import sys

_DIGITS = "0123456789abcdefABCDEF"
_BETWEEN = " ,:-"
_MOST = 7  # digits in a row: an errno, a size; the number of a card has 8 at least
_BYTES = ("b'", 'b"', "\\x")


def crash(board, where, error):
    """Withdraw the permit, tell `where` and why on the console, reset. Does not return."""
    board.power.permit(0)
    kind = type(error).__name__
    try:
        text = str(error)
        print("crash: %s: %s: %s" % (where, kind, "(withheld)" if carries(text) else text))
        _print_places(error)
    except MemoryError:
        print("crash: %s: %s" % (where, kind))
    board.reset("crash")


async def guarded(board, name, work):
    """Run the endless coroutine `work`; its end, by itself or by an exception, is a crash."""
    try:
        await work
        raise RuntimeError("the task ended")
    except Exception as error:
        crash(board, name, error)


def carries(text):
    """Whether an exception's text may hold what a driver has read: the number of a card must not get
    out (law 17). Bytes in any spelling, or more than _MOST digits in a row, hex or not."""
    for mark in _BYTES:
        if mark in text:
            return True
    digits = 0
    for sign in text:
        if not 32 <= ord(sign) < 127:
            return True
        if sign in _DIGITS:
            digits += 1
            if digits > _MOST:
                return True
        elif sign not in _BETWEEN:
            digits = 0
    return False


def _print_places(error):
    """The traceback, without the exception's text."""
    trace = io.StringIO()
    try:
        sys.print_exception(error, trace)
    except AttributeError:  # CPython
        import traceback

        traceback.print_exception(error, file=trace)
    for line in trace.getvalue().split("\n"):
        if line.startswith("  File "):
            print(line)
