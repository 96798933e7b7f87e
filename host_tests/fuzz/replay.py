"""The kept cases of one target, inside any interpreter.

    replay.py TARGET FILE        a file of cases: before each its length in decimal and a line feed

Says a line for each: its number and what it came to, or "fails" and the traceback as JSON.
"""

import asyncio  # noqa: F401  (MicroPython imports within an import on a small stack: what is deep goes first)
import gc
import io
import json
import sys


def main(name, path):
    target = __import__("host_tests.fuzz.targets." + name, None, None, ("make",)).make()
    number = 0
    with open(path, "rb") as file:
        while True:
            head = file.readline()
            if not head:
                break
            case = file.read(int(head))
            gc.collect()
            try:
                words = list(target.run(case))
                target.further()
                print("%d %s" % (number, json.dumps(words)))
            except Exception as error:
                print("%d fails %s" % (number, json.dumps(trace(error))))
            number += 1
    print("ran %d" % number)


def trace(error):
    text = io.StringIO()
    if hasattr(sys, "print_exception"):
        sys.print_exception(error, text)
    else:
        import traceback

        traceback.print_exception(error, file=text)
    return text.getvalue()


main(sys.argv[1], sys.argv[2])
