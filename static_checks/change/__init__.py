"""What a patch does: to lines, to code, to units of the human change."""
