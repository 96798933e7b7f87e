"""Typed: a charger's keys, a new one for it, and what it asked about cards."""

import typer

from tools.cloud import cli_common as common
from tools.cloud import keys as keyring
from tools.cloud import mask
from tools.cloud.cli_common import DB_DEFAULT
from tools.cloud.cli_sending import Done, sends
from tools.cloud.cli_tables import add_row, make_table, time_text
from tools.cloud.service import Service

app = typer.Typer()


@sends(app)
def rotate(service: Service, charger: common.ChargerId) -> Done:
    """Give a charger a new master key. Both are kept until the charger has told that it has it."""
    down = service.rotate(charger)
    newest = service.keys_of(charger)[-1][0]
    return down, f"{charger} is given key {keyring.kid('up', newest)}."


@app.command("keys")
def show_keys(charger: common.ChargerId, db: common.Db = DB_DEFAULT) -> None:
    """The generations of a charger's key. The keys themselves are not shown."""
    table = make_table(("Key", "Made", "In use since", "State"), ("First record",))
    with common.opened(db, common.make_clock(None)) as service:
        known = service.keys_of(charger)
    used = max(number for number, one in known if one is None or one.done_at is not None)
    for number, one in known:
        state = "in use" if number == used else "replaced"
        row = [keyring.kid("up", number), "", "", state, ""]
        if one is not None:
            row[1:3] = time_text(one.made_at), time_text(one.done_at)
            row[4] = "" if one.first_seq is None else str(one.first_seq)
            if one.done_at is None:
                row[3] = f"refused: {one.refused}" if one.refused else "on its way"
        add_row(table, *row)
    common.console().print(table)


@app.command("asks")
def show_asks(charger: common.ChargerId, db: common.Db = DB_DEFAULT) -> None:
    """What a charger asked about cards that its list did not know, the answer, and what came of it."""
    table = make_table(("Question", "Asked", "Card", "Answer", "Reason", "User", "On the charger"))
    with common.opened(db, common.make_clock(None)) as service:
        for ask, order in service.asks_of(charger):
            came = order.reason if order.result else "no reply"
            what = (ask.ask_id, time_text(ask.asked_at), mask.token(ask.ref))
            add_row(table, *what, ask.result, ask.reason, ask.user, came)
    common.console().print(table)
