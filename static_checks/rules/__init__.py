"""The rules, in one folder per gate; found by a scan, so adding a rule is adding a file."""
