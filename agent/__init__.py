"""The charger's mind: events in, decisions out. No I/O of its own, no clock, no asyncio.

Where a rule lives, from the front door to the cellar:

    charger.py        the front door: every event enters here, every message leaves here
    house.py          the parts, and what they ask of each other
    connector.py      one socket: vehicle, card, grant and stop come in here
    running.py        its running session: begun, held, stopped, resumed, ended
    states.py         (state, event) -> state, and what each state does to the contactor
    availability.py   why the socket is locked, why a session is held
    access.py         who may begin, who may stop: ordered tables of rules, pure functions (docs/access.md)
    session.py        latched terms, the five times, the energy rule's inputs
    gate.py           a card or an order becomes a grant, or a recorded refusal
    asking.py         an unknown card is asked of the service; revoking.py: what is taken back
    lockout.py        a card refused again and again is slowed down; trace.py: the last decisions, in RAM
    metering.py       which readings are believed, and energy as a register difference
    meterlog.py       what is recorded about a meter that cannot be believed
    keeper.py         when the running session is written to flash
    recovery.py       after a power cut: does the session go on? darkness.py: whose time was it?
    monthbook.py      the month is closed with what its records add up to; calendar.py: local months
    room.py           room in flash, and what happens when there is none
    timekeeping.py    monotonic time, instants with a quality, filling in after synchronisation
    config.py         the signed configuration: pay-per-month flag, tariff, policy
    subscribers.py    the subscriber list in flash, found in a few reads
    listupdate.py     changes it whole or not at all, in parts; listmerge.py: old and new flow together
    keyring.py        the generations of the master key: what signs, what is obeyed
    downlink.py       what may be obeyed: signature, addressee, version; orders.py carries orders out
    proving.py        cards that must prove they are no copy: sun.py checks, suncounters.py remembers, aes.py
    refusals.py       refused cards, coalesced so that nobody can fill the store with them
    ledger.py         records: numbered, durable, rendered the same for ever
    novolume.py       what stands in for a volume that cannot be used
    outbox.py         what the service has not named yet
    journal.py slots.py counters.py checkpoint.py samples.py cardfile.py packing.py render.py   in flash
    jws.py checks.py reasons.py status.py mailbox.py                      the wire

The only port the agent calls is the flash volume it is given (see hal/ports.py): records must be
durable before energy flows, so writing them cannot be left to somebody else.
"""
