"""Tools for people: run as `python -m tools.NAME` from the top of the checkout."""
