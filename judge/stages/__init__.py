"""The stages of the pipeline: each turns one thing into one result."""
