"""The report formats: one file each, found by a folder scan."""
