"""Kinds of findings over whole run trees, one per file; `judge.auditor.kinds` finds them."""
