"""Helpers that know nothing of patches: folder scan, worker pool, files, tables, proportions, digests, run.json."""
