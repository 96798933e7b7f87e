"""What happens to an exception that nobody expected: no energy, one line, restart."""

import sys


def crash(board, where, error):
    """Withdraw the permit, tell `where` and why on the console, reset. Does not return."""
    board.power.permit(0)
    print("crash: %s: %s: %s" % (where, type(error).__name__, error))
    _print_trace(error)
    board.reset("crash")


async def guarded(board, name, work):
    """Run the endless coroutine `work`; its end, by itself or by an exception, is a crash."""
    try:
        await work
        raise RuntimeError("the task ended")
    except Exception as error:
        crash(board, name, error)


def _print_trace(error):
    try:
        sys.print_exception(error)
    except AttributeError:  # CPython
        import traceback

        traceback.print_exception(error)
