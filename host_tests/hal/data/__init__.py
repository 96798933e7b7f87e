"""What was captured from real chips, with its origin."""
