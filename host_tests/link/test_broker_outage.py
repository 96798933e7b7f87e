"""Real brokers that idle, freeze and come back."""

import os
import signal
import threading


def test_keepalive_holds(runner, broker):
    ran = runner.run(broker.port, {"links": 1}, options={"keepalive_s": 2}, linger_ms=3500)
    assert ran.end["was_up"] and not ran.losses()


def test_frozen_broker(runner, broker):
    # stopped, not ended: the kernel still takes connections and bytes, nobody answers
    timers = [
        threading.Timer(0.5, os.kill, (broker.pid, signal.SIGSTOP)),
        threading.Timer(3.8, os.kill, (broker.pid, signal.SIGCONT)),
    ]
    for timer in timers:
        timer.start()
    try:
        ran = runner.run(broker.port, {"links": 2}, options={"keepalive_s": 2, "answer_ms": 1000})
    finally:
        for timer in timers:
            timer.cancel()
        os.kill(broker.pid, signal.SIGCONT)
    losses = ran.losses()
    assert losses[0] == "silent" and set(losses[1:]) <= {"no_connack", "no_suback"}


def test_network_away_and_back(runner, broker, cloud):
    ran = runner.run(
        broker.port,
        {"links": 2, "taken": 20, "idle": 1},
        count=20,
        network=[[300, False], [700, True]],
    )
    assert ran.losses() == ["network_down"]
    assert [one["up"] for one in ran.of("link")][:3] == [True, False, True]
