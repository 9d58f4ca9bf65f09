"""Runs that other harnesses left behind: what one is, how their trees are recognised, read and joined."""
