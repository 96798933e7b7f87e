"""An MQTT broker in this process, for a desk: `python -m tools.setup.amqtt_broker PORT`.

amqtt on the loopback address, without accounts and without $SYS topics; logs warnings to stderr.
Ends on SIGTERM. Nothing is kept when it ends.
"""

import asyncio
import logging
import signal
import sys

from amqtt.broker import Broker

LOOPBACK = "127.0.0.1"


def config(port):
    """amqtt's configuration: one loopback listener, everybody may connect."""
    return {
        "listeners": {"default": {"type": "tcp", "bind": "%s:%d" % (LOOPBACK, port)}},
        "timeout_disconnect_delay": 2,
        "plugins": {
            "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True},
        },
    }


async def serve(port):
    """Run the broker until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    broker = Broker(config(port))
    await broker.start()
    print("ready", flush=True)
    await ended.wait()
    try:
        await asyncio.wait_for(broker.shutdown(), 3)
    except TimeoutError:
        logging.warning("amqtt did not shut down in time")


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    # it logs every broken connection as an error, and tests break many
    logging.getLogger("amqtt").setLevel(logging.CRITICAL)
    logging.getLogger("transitions").setLevel(logging.CRITICAL)
    asyncio.run(serve(int(sys.argv[1])))
