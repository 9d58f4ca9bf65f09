"""Recorded JSON values become what a run may keep, or None."""

from __future__ import annotations

from pathlib import Path

from judge.inputs.runs import recorded_values, run_files


def test_numbers_that_are_none_are_unknown(tmp_path: Path) -> None:
    """NaN, infinities, booleans, texts and numbers too large are no numbers."""
    file = tmp_path / "x.json"
    file.write_text(
        '{"a": NaN, "b": Infinity, "c": -Infinity, "d": 1e999, "e": true, "f": "1", "g": 1' + "0" * 400 + "}"
    )
    content = run_files.load_json_object(file)
    assert isinstance(content, dict)
    assert [recorded_values.number(content[key]) for key in "abcdefg"] == [None] * 7
    assert recorded_values.tidy({"d": content["d"], "a": content["a"]}) == {"d": None, "a": None}
    assert (
        recorded_values.number(2),
        recorded_values.integer(2.0),
        recorded_values.integer(2.5),
        recorded_values.integer(2**70),
    ) == (
        2.0,
        2,
        None,
        None,
    )


def test_long_texts_keep_head_and_end() -> None:
    """The last line of a traceback survives the cut, and no lone surrogate reaches a report."""
    cut = recorded_values.text("first\n" + "x" * 10_000 + "\nModuleNotFoundError: No module named 'xformers'")
    assert cut is not None
    assert cut.startswith("first")
    assert cut.endswith("No module named 'xformers'")
    assert len(cut) < 4100
    assert recorded_values.text("\ud800") == "\\ud800"


def test_only_known_words_claim() -> None:
    """A word that nobody knows claims neither success nor failure."""
    words = {"success": "success", "Error": "error", "max_steps_exceeded": "error", "baseline_failed": None, None: None}
    assert {word: recorded_values.claim_from_status(word) for word in words} == words
