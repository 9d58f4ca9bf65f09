"""Makes the questions about a candidate: evidence, facts, frames, and the neutral version."""
