"""Kinds of findings over whole run trees, one per file; `judge.auditing.collecting.all_kinds` finds them."""
