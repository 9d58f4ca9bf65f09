"""Reports of a run: what all of them are made from, and one file for each format."""
