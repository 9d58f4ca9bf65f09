"""Layouts of run trees and result files, one per file; `judge.auditor.discover` finds and opens them."""
