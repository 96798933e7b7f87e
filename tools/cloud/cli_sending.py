"""What every command that changes a charger has in common: its options, publishing, waiting."""

import inspect
from collections.abc import Callable

import typer

from tools.cloud import cli_common as common
from tools.cloud.cli_common import BROKER_DEFAULT, DB_DEFAULT
from tools.cloud.downlink import Downlink

# What is to be published, what was done in words, and how long the answer is waited for at least.
Done = tuple[list[Downlink], str] | tuple[list[Downlink], str, float]


def _options(
    db: common.Db = DB_DEFAULT,
    broker: common.BrokerAddress = BROKER_DEFAULT,
    at: common.At = None,
    wait: common.Wait = 0.0,
    store_only: common.StoreOnly = False,
) -> None:
    """The options that every such command has; only the signature is used."""


def sends(app: typer.Typer, name: str | None = None, without: str = "") -> Callable:
    """Make a command of an act: act(service, charger, its own options ...) -> Done or None.

    The command has the act's own options and those of _options but for `without`. What the act
    gives is published; None means that there was nothing to do.
    """

    def decorate(act: Callable) -> Callable:
        def command(charger, db, broker, at, wait=0.0, store_only=False, **own):
            with common.opened(db, common.make_clock(at)) as service:
                done = act(service, charger, **own)
                if done is not None:
                    down, words, *least_s = done
                    wait = max([wait, *least_s])
                    common.act(service, charger, down, broker, wait, store_only, words)

        own = list(inspect.signature(act).parameters.values())[1:]
        shared = inspect.signature(_options).parameters.values()
        parameters = [*own, *(option for option in shared if option.name != without)]
        # typer reads the options of a command from its signature
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__name__, command.__doc__ = act.__name__, act.__doc__
        app.command(name)(command)
        return act

    return decorate
