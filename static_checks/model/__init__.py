"""The words of the gates: case, candidate, finding, gate result."""
