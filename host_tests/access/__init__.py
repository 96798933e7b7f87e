"""The access decision: one source of rules and cases, from which docs/access.md and the tests are made."""
