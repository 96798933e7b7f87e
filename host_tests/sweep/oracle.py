"""What must be true of a charger whose power was cut, judged by the world and the service alone.

Every check raises AssertionError with the law that is broken.
"""

MONTH_END_S = 1617235200  # 2021-04-01T00:00:00Z: the month that ends in the life is March
END_TIMES = ("charging", "ev_suspended", "evse_suspended", "outage")


def check_versions(life):
    """Law 8 and 9: flag, config, list and order counter are whole, old or new, and never older."""
    house = life.bench.charger.connector._house
    config = house.config.current
    assert house.store_ok and house.config.readable and house.subscribers.readable, "unreadable"
    low, high = life.config_range
    assert low <= config.version <= high, "law 8/9: config %d is not of %d..%d" % (
        config.version,
        low,
        high,
    )
    expected = life.configs[config.version]
    tariff = config.tariff[1] if config.tariff else None
    found = (config.enabled, tariff, config.limit_ma, config.when_off)
    assert found == expected, "law 8: config %d is %r" % (config.version, found)
    low, high = life.list_range
    held = house.subscribers
    assert low <= held.version <= high, "law 8/9: list %d not of %d..%d" % (
        held.version,
        low,
        high,
    )
    cards = life.lists[held.version]
    assert held.count == len(cards), "law 8: %d cards in list %d" % (held.count, held.version)
    for uid in life.all_cards:
        entry = held.find(house.card_key("ISO14443", uid))
        if uid in cards:
            assert entry is not None and entry.user == cards[uid]["user"], "law 8: list entry"
        else:
            assert entry is None, "law 8: a card that is in no list"
    low, high = life.key_range
    assert house.keys.readable, "law 8: the key cannot be read"
    assert low <= house.keys.generation <= high, "law 8: key %d" % house.keys.generation
    low, high = life.order_range
    n = house.counters.order_n
    assert low <= n <= high, "law 9: order counter %d is not of %d..%d" % (n, low, high)


def check_books(life):
    """Laws 3, 4, 5, 6: every session once, every watt-hour, every number, when all is quiet."""
    bench = life.bench
    bench.check_numbers()
    begins = [r["session"] for r in bench.of_kind("session_begin")]
    ends = bench.of_kind("session_end")
    assert len(set(begins)) == len(begins), "law 4: a session began twice: %r" % begins
    assert sorted(begins) == sorted(e["session"] for e in ends), "law 4: begun %r, ended %r" % (
        begins,
        [e["session"] for e in ends],
    )
    energy_wh = 0
    for end in ends:
        assert end["energy_wh"] is not None, "law 3: energy is not known: %r" % end["flags"]
        assert end["energy_wh"] >= 0, "law 3: negative energy"
        energy_wh += end["energy_wh"]
        seconds = end["seconds"]
        assert seconds["connected"] == sum(seconds[name] for name in END_TIMES), (
            "law 13: times do not add up: %r" % seconds
        )
        offsets = [sample[0] for sample in end["samples"]]
        assert offsets == sorted(offsets), "samples do not ascend: %r" % offsets
        values = [sample[1] for sample in end["samples"]]
        assert values == sorted(values), "samples step back: %r" % values
    told = bench.of_kind("key_changed")
    assert len(told) == life.bench.charger.connector._house.keys.generation - 1, "law 8: %r" % told
    world_wh = bench.world.register_wh()
    assert energy_wh == world_wh, "law 3: records say %d Wh, the world %d" % (energy_wh, world_wh)
    check_months(bench)


def check_months(bench):
    """Law 18: the month that ended is closed once, and its close tells what the records tell."""
    months = bench.of_kind("month_closed")
    names = [month["month"] for month in months]
    expected = ["2021-03"] if bench.now_s >= MONTH_END_S else []
    assert names == expected, "law 18: %r closed, not %r" % (names, expected)
    first = 1
    for month in months:
        assert month["first_seq"] == first and month["last_seq"] == month["seq"] - 1, (
            "law 18: a gap before the month: %r" % month
        )
        first = month["seq"]
        ends = [e for e in bench.of_kind("session_end") if e["seq"] < first]
        assert month["sessions"] == len(ends) and month["unknown"] == 0, "law 18: %r" % month
        energy_wh = sum(e["energy_wh"] for e in ends)
        assert month["energy_wh"] == energy_wh, "law 18: %d Wh in %r" % (energy_wh, month)
        for name in END_TIMES:
            seconds = sum(e["seconds"][name] for e in ends)
            assert month["seconds"][name] == seconds, "law 18: %d s %s" % (seconds, name)
