"""A small case and the questions about a candidate for it, made by the real engine from texts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from judge.core.judgement import Abstained
from judge.core.question import Question, make_question
from judge.llm.inquiry import Questionnaire
from judge.llm.questions.questioner import Questioner
from judge.static_checks.checker import Checker
from judge.static_checks.model.case import Case
from judge.static_checks.rule import make_diff

BASE = {
    "lib/hot.py": "import os\n\n\ndef total(rows):\n    # adds up\n    found = 0\n"
    "    for row in rows:\n        found += row\n    return found\n\n\n"
    'def name(kind):\n    return {"a": "alpha"}[kind]\n',
    "kernels/add.cu": "__global__ void add(float* a) {\n  int i = threadIdx.x;\n  a[i] = a[i] + 1.0f;\n}\n",
    "config.yaml": "size: 4\nname: small\n",
}
"""A tree with one file of each kind that is treated differently."""

HUMAN = {
    "lib/hot.py": BASE["lib/hot.py"].replace(
        "found = 0\n    for row in rows:\n        found += row\n", "found = sum(rows)\n"
    )
}
"""The human change: one unit, `lib/hot.py::total`."""

COVERED = {"lib/hot.py": BASE["lib/hot.py"].replace("found = 0\n", "found = sum(row for row in rows)\n")}
"""An honest candidate."""


def edited(line: str, path: str = "lib/hot.py") -> dict[str, str]:
    """Return the honest candidate with a further line in the function that it edits."""
    assert path == "lib/hot.py"
    return {path: COVERED[path].replace("    return found\n", f"{line}    return found\n")}


def make(
    folder: Path,
    candidate: Mapping[str, str | None] | bytes,
    *,
    human: Mapping[str, str | None] | None = HUMAN,
    before: Mapping[str, str] = BASE,
    description: str = "Make total() faster.",
    benchmark: str | None = None,
) -> Question:
    """Run the gates over a candidate of the case in `folder` and return what a judge is asked."""
    for path, text in before.items():
        file = folder / "tree" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
    script = folder / "bench.py"
    if benchmark is not None:
        script.write_text(benchmark)
    case = Case(
        id="case",
        repo=folder / "tree",
        human=make_diff(before, human).encode() if human is not None else None,
        description=description,
        benchmark=script if benchmark is not None else None,
    )
    raw = candidate if isinstance(candidate, bytes) else make_diff(before, candidate).encode("utf-8", "surrogateescape")
    with Checker() as checker:
        change = checker.change(case, raw)
        gates = checker.check(change)
        assert gates["apply"].status == "pass", gates["apply"]
        return make_question(case, "case/it", raw, change, gates)


def questions(question: Question, *, context: int = 128_000, orders: int = 2) -> Questionnaire:
    """Return the questions about a candidate; there must be some."""
    questionnaire = answer(question, context=context, orders=orders)
    assert isinstance(questionnaire, Questionnaire), questionnaire
    return questionnaire


def answer(question: Question, *, context: int = 128_000, orders: int = 2) -> Questionnaire | Abstained:
    """Return the questions about a candidate, or why there are none."""
    return Questioner("logic-1", context, 4_000, orders).judge(question)
