"""The judge backends: one per file, found by a scan."""
