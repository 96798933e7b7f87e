"""The shortest case that still fails."""

TRIES = 300


def shrink(fails, case, shape, tries=TRIES):
    """Drop lines, then pieces of bytes, then make bytes plain, while fails(case) stays true."""
    left = [tries]

    def test(some):
        left[0] -= 1
        return left[0] >= 0 and fails(some)

    if shape == "lines":
        lines = _fewer(lambda some: test(b"\n".join(some)), case.split(b"\n"), 1)
        case = b"\n".join(lines)
    case = bytes(_fewer(lambda some: test(bytes(some)), list(case), 1))
    for at in range(len(case)):
        plain = case[:at] + b"0" + case[at + 1 :]
        if left[0] > 0 and case[at : at + 1] not in b'0{}[]":,\n ' and test(plain):
            case = plain
    return case


def _fewer(test, items, least):
    size = max(1, len(items) // 2)
    while True:
        at, dropped = 0, False
        while at < len(items):
            fewer = items[:at] + items[at + size :]
            if len(fewer) >= least and test(fewer):
                items, dropped = fewer, True
            else:
                at += size
        if size == 1 and not dropped:
            return items
        size = max(1, size // 2)
