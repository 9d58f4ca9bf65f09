"""Repositories and trees: git, read-only trees, applying a patch, finding where it was made."""
