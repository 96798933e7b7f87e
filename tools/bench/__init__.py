"""The budgets: flash, heap, wear and time of the compiled agent, held against accepted figures."""
