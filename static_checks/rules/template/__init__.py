"""Rules of the gate `template`: whether the patch is real code."""
