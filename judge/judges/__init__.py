"""The judges that `--judge` names, and the panel they sit in."""
