"""Helpers that know nothing of patches: folder scan, worker pool, proportions."""
