"""Rules of the benchmark lint: one warning per file, found by the folder scan of `discovery`."""
