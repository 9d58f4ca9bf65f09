"""Says how far a judge can be trusted: agreement with labels, with facts, with itself."""
