"""Gives recorded runs their verdicts: gates, recorded evidence, and `decide`."""
