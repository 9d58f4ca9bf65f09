"""The kinds of findings as a whole: every file is one, and none is left without words."""

from __future__ import annotations

from pathlib import Path

import judge.auditing.findings
from judge.auditing.collecting.finding_kind import all_kinds
from judge.inputs.runs.task_text import does_nothing
from judge.inputs.runs.task_text import test_script as script_in


def test_every_file_is_a_kind() -> None:
    """Each file of the folder gives one kind, named for it; codes are in order and unique."""
    (folder,) = judge.auditing.findings.__path__
    files = sorted(file.stem.replace("_", "-") for file in Path(folder).glob("[!_]*.py"))
    assert [kind.code for kind in all_kinds()] == files


def test_every_kind_explains_itself() -> None:
    """Title, reason and mending are there: the title a phrase, the others sentences."""
    for kind in all_kinds():
        assert kind.title and not kind.title.endswith("."), kind.code
        assert kind.why.endswith(".") and kind.mend.endswith("."), kind.code


def test_script_of_a_task_text() -> None:
    """The script between the marks is found, and one without a statement is told from one with."""
    text = "Make it faster:\n<test_script>\n# only\n\npass\n</test_script>\nand <test_script> in prose"
    assert script_in(text) == "# only\n\npass"
    assert does_nothing("# only\n\npass")
    assert not does_nothing("import a\n# run it\na.run()")
    assert script_in("no script") is None
