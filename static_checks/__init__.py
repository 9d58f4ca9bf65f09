"""Static gates: patch model, source trees, rules. Knows nothing of judges or benchmarks."""
