"""Source files: Python, C, paths, and the process that parses hostile text."""
