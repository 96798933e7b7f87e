"""Years of a charger's life in virtual time, and an oracle that knows the truth of the world.

life.py      the random world: what happens and when, as data (a list of events)
rig.py       one charger under that world: the control task over the mock hardware
service.py   a small billing service with bad days
oracle.py    the laws at every step of the charger; access.py: who may begin; letin.py: who must be let in
books.py     the laws in what the charger says: records, status, replies
sessions.py  what the world knows of each session
wire.py dice.py   signatures and random numbers of their own, equal on every interpreter
run.py       one life; shrink.py: the shortest events that still break a law
mutants.py   broken agents, each of which must be caught; mutants_access.py: those of the rules of access

Nothing here but rig.py knows the agent, and that only by its front door. Runs on CPython and MicroPython.
"""
