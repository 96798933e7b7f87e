"""python -m tools.cloud: the billing service for people."""

import signal
from typing import Annotated

import typer

from tools.cloud import cli_acts, cli_online, cli_views, mqtt
from tools.cloud import cli_common as common
from tools.cloud import clock as clocks
from tools.cloud.cli_common import BROKER_DEFAULT, DB_DEFAULT
from tools.cloud.receiver import Receiver

app = typer.Typer(
    name="python -m tools.cloud",
    no_args_is_help=True,
    help="The reference billing service: receives, proves and bills what chargers report.",
    epilog=(
        "Exit codes: 0 done; 1 refused, declined or not in order; 2 wrong usage; 3 no broker; "
        "4 no reply in time; 5 database. Options --db, --broker and --at can be set once as "
        "PPM_DB, PPM_BROKER and PPM_AT; the broker's password as PPM_BROKER_PASSWORD."
    ),
)
app.add_typer(cli_acts.app)
app.add_typer(cli_views.app)
app.add_typer(cli_online.app)


@app.command()
def receive(
    db: common.Db = DB_DEFAULT,
    broker: common.BrokerAddress = BROKER_DEFAULT,
    at: common.At = None,
    follow: Annotated[
        bool, typer.Option(help="Simulated chargers: take the time from what they say.")
    ] = False,
    client_id: Annotated[str, typer.Option(help="MQTT client id; one a running service.")] = (
        "ppm-cloud"
    ),
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")] = False,
) -> None:
    """Receive from all chargers: verify, store exactly once, acknowledge, send what is missing."""
    common.log_to_console(verbose)
    clock = clocks.Following() if follow else common.make_clock(at)
    with common.opened(db, clock) as service:
        address = mqtt.Broker.parse(broker)
        receiver = Receiver(service, address, client_id)
        receiver.start()
        print(f"receiving from {address}", flush=True)

        def stop(_signal, _frame):
            raise SystemExit(0)

        signal.signal(signal.SIGTERM, stop)
        try:
            receiver.run()
        except KeyboardInterrupt:
            pass
        finally:
            receiver.stop()
            print(f"stopped after {receiver.taken} messages", flush=True)


def main() -> None:
    """Run the command line."""
    app()
