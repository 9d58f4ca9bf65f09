"""From samples to statements: statistics, comparison of outputs, plausibility. Pure."""
