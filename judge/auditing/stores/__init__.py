"""Temporary stores that keep an audit's memory flat."""
