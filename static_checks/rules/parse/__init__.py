"""Rules of the gate `parse`: whether what the patch touched still parses."""
