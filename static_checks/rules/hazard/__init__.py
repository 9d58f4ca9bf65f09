"""Rules of the gate `hazard`: what would break or change behaviour when it runs."""
