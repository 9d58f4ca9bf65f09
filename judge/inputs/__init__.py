"""From paths to cases and candidates."""
