"""The steps of a charger's life, in order: what people and the service do in each."""

from host_tests.scenarios.bench import ANNA, BO, CARL, MASTER
from host_tests.scenarios.newkeys import NEXT, wrapped
from host_tests.sweep.oracle import MONTH_END_S

UNCUT = "uncut: "  # begins the name of a step that is only there for what comes after it


def people(numbers):
    return {bytes((n, 1, 2, 3)): {"user": "u-%d" % n} for n in numbers}


FEW = {ANNA: {"user": "anna"}, BO: {"user": "bo"}}
MANY = people(range(16, 41))
MANY.update(FEW)


def boot(life):
    life.bench.boot()


def before(life):
    """Fill most of a journal segment, so that the next ones begin, and the oldest goes, in this life."""
    for _ in range(7):
        life.bench.charge(BO, 20, 5)


def begin(life):
    life.bench.tap(ANNA)
    life.bench.plug(32000)


def suspend(life):
    life.bench.world.demand(0)
    life.bench.run(70)
    life.bench.world.demand(16000)
    life.bench.run(5)


def offline(life):
    life.bench.link(False)
    life.bench.run(130)


def reboot_in_session(life):
    life.reboot(100, online=False, clock=False)
    life.bench.run(5)


def online_without_acks(life):
    life.bench.acks = False
    life.bench.link(True)
    life.bench.run(5)


def acks_again(life):
    bench = life.bench
    bench.acks = True
    bench.acknowledge()
    bench.pump()


def tap_off(life):
    life.bench.run(10)
    life.bench.tap(ANNA)
    life.bench.run(20)


def unplug(life):
    life.bench.unplug()
    life.bench.run(35)


def remote_session(life):
    bench = life.bench
    bench.world.plug(32000)
    bench.world.demand(16000)
    bench.run(0.2)
    reply = life.order("start", user="bo", contract="c")
    assert reply["result"] == "applied", reply
    bench.run(70)


def over_month_end(life):
    """The month ends within the remote session, while the vehicle rests."""
    bench = life.bench
    bench.world.demand(0)
    bench.run(2)
    left_s = MONTH_END_S - bench.now_s
    if left_s > 300:  # the way there is quiet: nothing but checkpoints
        bench.world.unix_ms += (left_s - 65) * 1000
        bench.set_clock()
    bench.run(130)


def remote_stop(life):
    assert life.order("stop")["result"] == "applied"
    life.bench.unplug()


def rejected(life):
    """The service refuses a record: it is set aside."""
    bench = life.bench
    bench.reject = {len(bench.kinds): "broken"}
    bench.acknowledge()
    bench.pump()
    bench.reject = {}


def refused_cards(life):
    bench = life.bench
    for _ in range(3):
        bench.tap(CARL)
        bench.run(5)
    bench.run(330)


def new_key(life):
    life.key_range = (1, 2)
    reply = life.order("rotate", **wrapped(MASTER, NEXT, 2))
    assert reply["result"] == "applied", reply
    life.key_range = (2, 2)


def new_key_used(life):
    """From now on the key before is refused: what a broker keeps is made again, as a service does."""
    life.bench.keys = life.bench.rings["up-2"]
    life.config()


STEPS = (
    ("boot from the factory", boot),
    ("config", lambda life: life.config()),
    ("whole list in parts", lambda life: life.whole_list(MANY)),
    ("order lock", lambda life: life.order("lock")),
    ("order unlock", lambda life: life.order("unlock")),
    (UNCUT + "records before", before),
    ("begin", begin),
    ("checkpoints and samples", lambda life: life.bench.run(310)),
    ("config in a session", lambda life: life.config()),
    ("suspended", suspend),
    ("offline", offline),
    ("boot in a session", reboot_in_session),
    ("clock set", lambda life: life.bench.set_clock()),
    ("resumed", lambda life: life.bench.run(70)),
    ("online, no ack", online_without_acks),
    ("ack", acks_again),
    ("stop by card", tap_off),
    ("unplug, end", unplug),
    ("list difference", lambda life: life.changed_list(people((99, 18)), [bytes((20, 1, 2, 3))])),
    ("list difference, new base", lambda life: life.changed_list(people((98, 22)), [])),
    ("remote begin", remote_session),
    ("month end", over_month_end),
    ("remote stop, end", remote_stop),
    ("rejected record", rejected),
    ("refused cards", refused_cards),
    ("hour passes", lambda life: life.bench.run(3700)),
    ("boot at rest", lambda life: life.reboot(5)),
    ("new key", new_key),
    ("new key used", new_key_used),
    ("one more session", lambda life: life.bench.charge(BO, 60, 5)),
)
