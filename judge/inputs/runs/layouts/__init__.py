"""Layouts of run trees and result files, one per file; `judge.inputs.runs.discovery` finds and opens them."""
