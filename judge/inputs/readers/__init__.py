"""The readers of inputs: one layout per file, found by a scan."""
