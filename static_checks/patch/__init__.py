"""Patch text: its strict reader, its file names, its repairs."""
