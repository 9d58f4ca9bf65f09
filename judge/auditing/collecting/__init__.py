"""What findings and tables are made with: collectors over a stream of runs."""
