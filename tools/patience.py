"""How long anything here is waited for before it counts as lost.

Machines are shared, and a test may run beside a bench: only what never comes may end in a failure, so
every such limit is this generous one.
"""

PATIENCE_S = 120.0
