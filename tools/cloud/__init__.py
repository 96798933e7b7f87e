"""The reference billing service: receives, proves and bills what chargers report.

    service.py     the front door: portal acts, one uplink message in, downlink messages out
    intake.py      a record is verified, stored once, acknowledged; the rest is set aside
    store.py       what is durable, and exactly once by (charger, seq); models.py: the tables
    reconcile.py   at every status: what the charger lacks is sent
    portal.py      pay per month on and off, tariffs, settings; subscribers.py: who may charge
    listing.py     a subscriber list, whole or as a difference, in parts; listsend.py: from which part on
    people.py      subscribers from a CSV file
    orders.py      one command to one charger
    rating.py      a tariff applied to a session; statements.py: a month of them
    receiver.py    the same over MQTT; cli*.py: what people type
    keys.py jws.py schemas.py      the wire

Nothing here is imported by the charger.
"""
