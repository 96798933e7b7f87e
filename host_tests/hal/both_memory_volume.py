"""The volume in RAM keeps the port's promises, and fails in every way it is told to."""

from volume_checks import CHECKS, raises

from hal.mock.volume import MemoryVolume, PowerCut
from hal.volume import BrokenVolume


def test_it_keeps_what_a_volume_promises():
    for check in CHECKS:
        check(MemoryVolume())


def test_a_full_volume_keeps_the_old_content():
    volume = MemoryVolume(capacity=10)
    volume.write("a", b"12345678")
    assert errno(lambda: volume.write("a", b"12345678901")) == 28
    assert errno(lambda: volume.append("a", b"123")) == 28
    assert volume.read("a") == b"12345678" and volume.free_bytes() == 2
    volume.write("a", b"1")
    volume.append("b", b"123")


def test_errors_once_and_always():
    volume = MemoryVolume()
    volume.fail_next = 5
    assert errno(lambda: volume.write("a", b"1")) == 5
    volume.write("a", b"1")
    volume.io_error = True
    for call in (
        lambda: volume.read("a"),
        lambda: volume.write("a", b"2"),
        lambda: volume.names(""),
        lambda: volume.free_bytes(),
    ):
        assert errno(call) == 5
    volume.io_error = False
    assert volume.read("a") == b"1"


def test_a_cut_leaves_old_or_new():
    for mode, text, log in (
        ("before", b"old", b"abcd"),
        ("torn", b"old", b"abcdef"),
        ("after", b"new", b"abcdefgh"),
    ):
        assert cut(mode, lambda v: v.write("f", b"new")).read("f") == text
        assert cut(mode, lambda v: v.append("log", b"efgh")).read("log") == log
        gone = mode == "after"
        assert (cut(mode, lambda v: v.remove("f")).read("f") is None) == gone
        assert (cut(mode, lambda v: v.rename("f", "g")).read("g") is None) != gone


def test_the_cut_comes_after_so_many_changes_and_all_calls_fail():
    volume = MemoryVolume()
    volume.cut_after(2)
    volume.write("a", b"1")
    volume.append("a", b"2")
    assert volume.read("a") == b"12"
    for call in (lambda: volume.write("a", b"3"), lambda: volume.read("a")):
        assert is_cut(call)
    volume.revive()
    assert volume.read("a") == b"12"
    volume.write("a", b"3")


def test_a_copy_is_apart():
    volume = MemoryVolume()
    volume.append("a", b"1")
    other = volume.copy()
    other.append("a", b"2")
    assert (volume.read("a"), other.read("a")) == (b"1", b"12")


def test_a_broken_volume_fails_every_call():
    volume = BrokenVolume("no flash")
    for call in (
        lambda: volume.read("a"),
        lambda: volume.write("a", b"1"),
        lambda: volume.append("a", b"1"),
        lambda: volume.open("a"),
        lambda: volume.rename("a", "b"),
        lambda: volume.remove("a"),
        lambda: volume.names(""),
        lambda: volume.size("a"),
        lambda: volume.free_bytes(),
    ):
        assert raises(call)


def cut(mode, change):
    volume = MemoryVolume()
    volume.write("f", b"old")
    volume.write("log", b"abcd")
    volume.cut_after(0, mode)
    assert is_cut(lambda: change(volume))
    volume.revive()
    return volume


def is_cut(call):
    try:
        call()
    except PowerCut:
        return True
    return False


def errno(call):
    try:
        call()
    except OSError as error:
        return error.errno
    return 0
