"""Rules of the gate `noop`: whether the patch changes anything."""
