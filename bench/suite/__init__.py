"""A case's own tests: one run of them, and what it proves."""
