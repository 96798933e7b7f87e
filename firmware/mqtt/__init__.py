"""MQTT 3.1.1 for a charger: umqtt.simple as a codec without I/O, and the pump around it.

`session.Session` is the part to drive; `tcp.open_tcp` gives it a stream. Nothing here waits: every
call does a bounded piece of work and returns.
"""
