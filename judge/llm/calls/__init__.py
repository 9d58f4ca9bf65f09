"""Makes the calls: what is kept, what is asked again, what it costs."""
