"""What every `Volume` keeps, checked on an empty one."""


def check_read_and_write(volume):
    assert volume.read("a") is None and volume.size("a") == -1
    volume.write("a", b"one")
    assert volume.read("a") == b"one" and volume.size("a") == 3
    volume.write("a", b"four")
    assert volume.read("a") == b"four"


def check_folders_and_names(volume):
    assert volume.names("journal") == [] and volume.names("") == []
    volume.write("journal/deep/2", b"x")
    volume.append("journal/b", b"x")
    volume.write("journal/a", b"x")
    volume.write("top", b"x")
    assert volume.names("journal") == ["a", "b"]
    assert volume.names("journal/deep") == ["2"]
    assert volume.names("") == ["top"]


def check_append(volume):
    volume.append("log", b"abc")
    volume.append("log", b"def")
    assert volume.read("log") == b"abcdef"


def check_open(volume):
    assert raises(lambda: volume.open("f"))
    volume.write("f", b"0123456789")
    buf = bytearray(4)
    with volume.open("f") as f:
        f.seek(3)
        assert f.readinto(buf) == 4 and bytes(buf) == b"3456"
        assert f.read(9) == b"789"


def check_rename_and_remove(volume):
    volume.write("a", b"a")
    volume.write("b", b"b")
    volume.rename("a", "b")
    assert volume.read("b") == b"a" and volume.read("a") is None
    volume.rename("b", "folder/c")
    assert volume.read("folder/c") == b"a"
    assert raises(lambda: volume.rename("absent", "x"))
    volume.remove("folder/c")
    volume.remove("folder/c")
    assert volume.names("folder") == []


def check_empty_is_absent(volume):
    volume.write("e", b"")
    assert volume.read("e") is None and volume.size("e") == -1 and volume.names("") == []
    assert raises(lambda: volume.open("e"))
    volume.append("e", b"now")
    assert volume.read("e") == b"now"


def check_room(volume):
    before = volume.free_bytes()
    volume.write("big", bytes(5000))
    assert 0 <= volume.free_bytes() <= before - 4000 or before > 1 << 22


def raises(call):
    try:
        call()
    except OSError:
        return True
    return False


CHECKS = (
    check_read_and_write,
    check_folders_and_names,
    check_append,
    check_open,
    check_rename_and_remove,
    check_empty_is_absent,
    check_room,
)
