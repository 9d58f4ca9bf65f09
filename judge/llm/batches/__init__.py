"""Asks in the providers' batches: submit, leave, come back, collect."""
