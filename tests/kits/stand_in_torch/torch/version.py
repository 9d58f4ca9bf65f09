"""A build with CUDA, or so it says."""

cuda = "stand-in"
