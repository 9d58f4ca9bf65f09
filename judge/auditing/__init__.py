"""Audits trees of earlier runs: what each run claimed, what it really was, and what is wrong with who said so."""
