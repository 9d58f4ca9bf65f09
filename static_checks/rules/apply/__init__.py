"""Rules of the gate `apply`: whether the patch applies, and how."""
