"""Traffic over real brokers: amqtt and mosquitto, with paho-mqtt as the other side."""


def test_300_records_in_order(runner, broker, cloud):
    ran = runner.run(broker.port, {"taken": 300, "idle": 1}, count=300, size=700)
    assert cloud.wait(lambda: len(cloud.records()) >= 300)
    assert cloud.records() == list(range(300))
    assert not ran.losses() and ran.end["strays"] == 0
    spent_ms = ran.end["ms"] - ran.of("link")[0]["ms"]
    print("%s: 300 QoS 1 records of 705 bytes in %d ms" % (broker.kind, spent_ms))
    # no goodbye was said, so the last will is published
    assert cloud.wait(lambda: ("status", b'{"v":1,"online":false}', False) in cloud.got)


def test_packet_ids_wrap(runner, broker, cloud):
    ran = runner.run(broker.port, {"taken": 60, "idle": 1}, count=60, first_id=65510)
    assert cloud.wait(lambda: len(cloud.records()) >= 60)
    assert cloud.records() == list(range(60)) and not ran.losses()
    assert ran.end["pid"] < 60


def test_retained_oversized_then_normal(runner, broker, cloud):
    cloud.send("config", b"A" * 100_000, retain=True)
    cloud.send("list", b"L" * 8192, retain=True)
    ran = runner.run(broker.port, {"oversized": 1, "received": 1, "taken": 5, "idle": 1}, count=5)
    assert [(one["leaf"], one["size"]) for one in ran.of("oversize")] == [("config", 100_000)]
    assert [(one["leaf"], one["size"]) for one in ran.of("message")] == [("list", 8192)]
    assert cloud.wait(lambda: len(cloud.records()) >= 5)
    assert ran.end["was_up"] and ran.end["losses"] == 0
