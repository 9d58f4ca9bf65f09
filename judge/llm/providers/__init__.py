"""The model providers: one folder for each, and what they share."""
