"""Versioned prompt packs for the LLM judges, as package data; none is released yet."""
