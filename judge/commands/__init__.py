"""The subcommands: one per file, found by a scan."""
