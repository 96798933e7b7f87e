"""The fuzzers: hostile bytes for every parser that outside bytes reach, led by what they reach in it.

    __main__.py   `python -m host_tests.fuzz`, `make fuzz`: the long run, one case again, the corpus kept small
    worker.py     fuzzes one target in a process of its own and says how it gets on, one JSON line at a time
    engine.py     takes a case, changes it, runs it; what reaches something new is changed further
    coverage.py   marks what is reached: the branches of the code under test, put there when it is imported
    mutate.py     changes of a case: its bytes, its lines, the JSON in a line; tokens.py: words of the code
    shrink.py     the shortest case that still fails in the same place
    corpus.py     the cases that are kept: corpus/<target>/, small files, every find among them
    replay.py     the kept cases inside a MicroPython
    targets/      what a case means, and what must hold whatever it is

No other tool: the parsers of a charger read JSON inside base64 behind a signature, and json is C. Coverage
of bytes alone does not get behind it (atheris: 50,000 cases, two of them new); changes of the JSON do.
"""
