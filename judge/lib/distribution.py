"""The name under which package managers know this program."""

DISTRIBUTION = "patch-verdict"
