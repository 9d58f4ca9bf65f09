"""A timing session: its course, its variants, the trees they run in, and its checks against cheating."""
