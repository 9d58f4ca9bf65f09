"""Warns about what makes a benchmark file measure the wrong thing; it reads the file and runs nothing."""
