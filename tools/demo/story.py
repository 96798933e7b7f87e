"""What happens in the demo's month. Every act leaves the world as a person would."""

from collections.abc import Callable

from tools.demo.month import Month, Visit, card_of, contract_of
from tools.demo.stage import CHARGER, DemoError, Stage

STRANGER = "04C0FFEE123456"
MIDDLE = 0.4  # of a visit, when the incidents happen

Tell = Callable[[str], None]


def locked_until_enabled(stage: Stage, tell: Tell) -> None:
    """Nothing flows before the flag arrives, and with the flag nothing without a subscriber's card."""
    client = stage.charger.client
    client.do("plug", max_a=32, a=16)
    client.do("tap", uid=STRANGER)
    stage.advance(600)
    _expect_nothing(stage, "before pay per month is on")
    tell("A car waits ten minutes at the new charger: locked, 0 Wh.")


def enable(stage: Stage, month: Month, tell: Tell) -> None:
    """The portal's acts: tariff, subscribers, pay per month on."""
    service = stage.service
    service.settings(CHARGER, timezone=month.timezone, limit_ma=32000, access__unknown="ask")
    service.tariff(CHARGER, "OFFICE", "EUR", energy="0.40", parking_time="0.50", flat="1.00")
    cards = [{"user": user, "uid": card_of(user), "contract": f"C-{user}"} for user in month.users]
    stage.publish(service.enable(CHARGER, actor="u-9", role="superadmin", plan="business"))
    stage.publish(service.subscribe_many(CHARGER, cards))
    stage.wait("the flag and the list", lambda: _applied(stage))
    tell(
        "A superadmin switches pay per month on; the charger answers: applied. "
        f"{len(cards)} subscribers are on its list."
    )
    client = stage.charger.client
    stage.advance(600)
    _expect_nothing(stage, "with the flag on and no card")
    client.do("tap", uid=STRANGER)
    _wait_for_answer(stage, "refused")
    stage.advance(60)
    _expect_nothing(stage, "after a stranger's card")
    client.do("unplug")
    stage.advance(10)
    tell(
        "The car still gets nothing, nor does a stranger's card: asked about, refused and recorded."
    )


def visit(stage: Stage, stay: Visit, incident: str, tell: Tell) -> None:
    """One stay of the month: tap, plug, charge, leave; with something out of the ordinary, or not."""
    stage.advance_to(stay.connected_s)
    if incident == "app":
        _start_by_app(stage, stay, tell)
    elif incident == "asked":
        _start_by_question(stage, stay, tell)
    else:
        stage.charger.client.do("tap", uid=card_of(stay.user))
        stage.advance(2)
        _plug(stage, stay)
    if incident in _IN_THE_MIDDLE:
        stay_s = stay.disconnected_s - stay.connected_s
        stage.advance_to(stay.connected_s + int(stay_s * MIDDLE))
        _IN_THE_MIDDLE[incident](stage, tell)
    stage.advance_to(stay.disconnected_s)
    stage.charger.client.do("unplug")  # a client of its own after a power cut
    stage.advance(30)


def _plug(stage: Stage, stay: Visit) -> None:
    stage.charger.client.do("plug", max_a=32, a=stay.demand_a, wh=stay.energy_wh)


def _start_by_app(stage: Stage, stay: Visit, tell: Tell) -> None:
    _plug(stage, stay)
    stage.advance(2)
    terms = {"contract": contract_of(stay.user), "group": "", "billing": "ppm"}
    stage.publish(stage.service.order(CHARGER, "start", user=stay.user, **terms))
    stage.wait("the start by app", lambda: bool(stage.charger.client.status()["session"]))
    tell(f"{stay.user} has left the card at home: a signed order from the app starts the session.")


def _start_by_question(stage: Stage, stay: Visit, tell: Tell) -> None:
    service, card = stage.service, card_of(stay.user)
    stage.publish(service.unsubscribe(CHARGER, stay.user))
    stage.wait("the shorter list", lambda: _applied(stage))
    stage.advance(5)
    service.subscribe(CHARGER, stay.user, card, contract=contract_of(stay.user))  # not sent yet
    stage.charger.client.do("tap", uid=card)
    _wait_for_answer(stage, "authorized")
    stage.advance(2)
    _plug(stage, stay)
    tell(f"{stay.user} subscribed a minute ago: the charger asks, and the card is let in.")


def _wait_for_answer(stage: Stage, shown: str) -> None:
    client = stage.charger.client
    stage.advance(stage.fitted.look_s)
    stage.wait("the answer about a card", lambda: client.status()["indication"] == shown)


def _new_key(stage: Stage, tell: Tell) -> None:
    service = stage.service
    stage.publish(service.rotate(CHARGER))
    stage.wait("the new key", lambda: service.keys_of(CHARGER)[-1][1].done_at is not None)
    stage.wait("the configuration under the new key", lambda: _applied(stage))
    stage.keep_key()
    tell(
        "A new master key in mid-session: old records keep their signatures, new ones have the new."
    )


def close_month(stage: Stage, end_s: int) -> None:
    """Live to the end of the month, and let every record arrive."""
    stage.advance_to(end_s)
    stage.wait("the last records", lambda: stage.charger.client.status()["unsent"] == 0)


def _power_cut(stage: Stage, tell: Tell) -> None:
    stage.cut(dark_s=600)
    stage.advance(120)
    status = stage.charger.client.status()
    if not status["session"]:
        raise DemoError("the session did not survive the power cut")
    tell("Power cut in mid-session (SIGKILL), ten minutes dark: the same session goes on.")


def _network_loss(stage: Stage, tell: Tell) -> None:
    stage.charger.client.do("network", up=False)
    tell("The network is gone for a day: sessions go on from the list in flash.")


def _network_back(stage: Stage, tell: Tell) -> None:
    client = stage.charger.client
    kept = client.status()["unsent"]
    client.do("network", up=True)
    stage.wait("the records kept offline", lambda: client.status()["unsent"] == 0)
    tell(f"The network is back: {kept} records kept in flash arrive in order.")


_IN_THE_MIDDLE = {
    "power cut": _power_cut,
    "network lost": _network_loss,
    "network back": _network_back,
    "new key": _new_key,
}


def incidents(visits: int) -> dict[int, str]:
    """Which visit (counted from 0) has which incident."""
    if visits < 4:
        return {0: "power cut"}
    planned = {0: "app", 1: "network lost", 2: "network back", 3: "power cut"}
    if visits >= 8:
        planned |= {visits // 2: "asked", visits * 5 // 8: "new key"}
    return {**planned, visits * 3 // 4: "power cut"}


def _applied(stage: Stage) -> bool:
    charger = stage.service.charger(CHARGER)
    flag = charger.config_applied == charger.config_version
    return flag and charger.list_applied == charger.list_version


def _expect_nothing(stage: Stage, when: str) -> None:
    world = stage.charger.client.world()
    if world["energy_uj"] or world["contactor"]:
        raise DemoError(f"energy flowed {when}: {world['energy_wh']} Wh")
