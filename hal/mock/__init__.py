"""A charger without hardware: a small deterministic world, and every port over it.

Faults are switched on in the world (`world.meter_fault = "silent"`), never in the agent.
"""
