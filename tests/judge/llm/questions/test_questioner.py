"""The question: all of the evidence or say so, the same bytes for the same inputs, nothing that should not be known."""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path

import pytest
from question_kit import BASE, COVERED, HUMAN, answer, make, questions
from support import diff_of, make_repo

from judge.core.judgement import Abstained
from judge.errors import UsageError
from judge.lib.digests import digest
from judge.llm.answer import answer_schema
from judge.llm.options import JudgingOptions
from judge.llm.questions.questioner import DEFAULT_CONTEXT, MANY_UNITS, Questioner
from judge.llm.questions.tokens_estimate import estimate_tokens
from judge.prompts import load_pack

BENCH = "def setup():\n    return [1] * 1000\n\n\ndef experiment(data):\n    return total(data)\n"


def ids(text: str) -> list[str]:
    """Return the ids of the documents of a text, in order."""
    return re.findall(r"^BEGIN [0-9a-f]{16} (\w+) ", text, re.MULTILINE)


def test_everything_is_there(tmp_path: Path) -> None:
    """Task, benchmark, whole functions of the base, both changes, units and facts are in the question."""
    inquiry = questions(make(tmp_path, COVERED, benchmark=BENCH)).plain[0]
    assert "| Make total() faster." in inquiry.shared
    assert "| def experiment(data):" in inquiry.shared
    assert "4| def total(rows):\n5|     # adds up\n6|     found = 0" in inquiry.shared
    assert "+    found = sum(rows)" in inquiry.shared
    assert "U1 lib/hot.py::total" in inquiry.shared
    assert "+    found = sum(row for row in rows)" in inquiry.own
    assert "F1 The candidate applies to the base code." in inquiry.own
    assert "that you do not see: nothing" in inquiry.own
    assert inquiry.units == {"U1": "lib/hot.py::total"}
    assert set(inquiry.documents) == {("candidate", "lib/hot.py"), ("human", "lib/hot.py"), ("base", "lib/hot.py")}
    assert (inquiry.omitted, inquiry.diffs_whole) == ((), True)


def test_what_is_quotable_is_what_is_sent(tmp_path: Path) -> None:
    """Every text that quotes are looked up in stands in the question as it is."""
    for inquiry in questions(make(tmp_path, COVERED, benchmark=BENCH)).plain:
        for texts in inquiry.documents.values():
            for text in texts:
                assert text in inquiry.shared or text in inquiry.own


def test_orders_alternate(tmp_path: Path) -> None:
    """One order shows the human change first, the other the candidate; the rest is the same."""
    first, second = questions(make(tmp_path, COVERED, benchmark=BENCH)).plain
    assert (first.order, ids(first.shared), ids(first.own)) == ("human-first", ["T1", "T2", "B1", "H1"], ["C1"])
    assert (second.order, ids(second.shared), ids(second.own)) == ("candidate-first", ["T1", "T2", "B1"], ["C1", "H1"])
    assert first.facts == second.facts
    assert first.digest != second.digest
    assert len(questions(make(tmp_path, COVERED), orders=1).plain) == 1


def test_the_shared_part_is_shared(tmp_path: Path) -> None:
    """Two candidates of a case differ in their own part only, so that a provider can keep the rest."""
    first = questions(make(tmp_path, COVERED, benchmark=BENCH))
    second = questions(make(tmp_path, {"config.yaml": "size: 5\nname: small\n"}, benchmark=BENCH))
    for left, right in zip(first.plain, second.plain, strict=True):
        assert (left.system, left.shared) == (right.system, right.shared)
        assert left.own != right.own


def test_same_inputs_same_bytes(tmp_path: Path) -> None:
    """The same inputs in another place make the same question, so that its answer can be found again."""
    first, second = (questions(make(tmp_path / name, COVERED, benchmark=BENCH)) for name in ("one", "other"))
    assert first == second
    assert [i.custom_id(1) for i in first.plain] == [i.custom_id(1) for i in second.plain]
    assert pickle.loads(pickle.dumps(first)) == first, "it goes from a worker to the one who asks"


@pytest.mark.parametrize(
    "changed",
    [
        {"candidate": {**COVERED, "config.yaml": "size: 5\nname: small\n"}},
        {"human": {**HUMAN, "config.yaml": "size: 5\nname: small\n"}},
        {"description": "Another task."},
        {"benchmark": BENCH + "#\n"},
    ],
)
def test_other_inputs_other_question(changed: dict[str, object], tmp_path: Path) -> None:
    """Whatever a model is shown is part of the question's name."""
    usual = {"candidate": COVERED, "benchmark": BENCH}
    first = questions(make(tmp_path / "one", **usual))  # type: ignore[arg-type]  # as the parameters say
    second = questions(make(tmp_path / "other", **(usual | changed)))  # type: ignore[arg-type]
    assert first.plain[0].digest != second.plain[0].digest


def test_the_pack_and_the_form_are_part_of_the_question(tmp_path: Path) -> None:
    """The digest of the pack covers its files and the schema of the answer."""
    inquiry = questions(make(tmp_path, COVERED)).plain[0]
    schema = json.dumps(answer_schema(), sort_keys=True)
    assert inquiry.pack_digest == digest([load_pack("logic-1").digest, schema])
    assert inquiry.prompt == f"logic-1@{inquiry.pack_digest[:12]}"


def test_blind(tmp_path: Path) -> None:
    """Nothing tells who made the candidate, how its run ended, or how fast it was."""
    question = make(tmp_path, COVERED)
    text = "".join(i.shared + i.own for i in questions(question).plain)
    for word in (question.candidate, question.case, str(tmp_path), "speedup", "success"):
        assert word not in text


def test_a_change_of_context_lines_only_counts_once(tmp_path: Path) -> None:
    """Base code that the human change already shows is not shown again for the candidate."""
    inquiry = questions(make(tmp_path, COVERED)).plain[0]
    assert ids(inquiry.own) == ["C1"]
    elsewhere = {"lib/hot.py": COVERED["lib/hot.py"].replace('{"a": "alpha"}', '{"a": "beta"}')}
    assert ids(questions(make(tmp_path, elsewhere)).plain[0].own) == ["B2", "C1"]


# What does not fit


def big(functions: int) -> dict[str, str]:
    """Return a base whose benchmark-like file has this many functions, all alike."""
    return {**BASE, "lib/big.py": "".join(f"def f{n}(x):\n    return x + {n}\n\n\n" for n in range(functions))}


def test_the_least_relevant_goes_first(tmp_path: Path) -> None:
    """The task goes before the benchmark, the benchmark before base code, and each is named to model and reader."""
    question = make(tmp_path, COVERED, description="Do it. " * 2000, benchmark=BENCH * 200)
    whole = questions(question).plain[0]
    assert whole.omitted == ()
    inquiry = whole
    for context, left in [(whole.tokens + 4_000 + 2_000, 0), (whole.tokens - 1_000, 1), (12_000, 2)]:
        inquiry = questions(question, context=context).plain[0]
        assert len(inquiry.omitted) == left
        for name in inquiry.omitted:
            assert name in inquiry.own
    assert inquiry.omitted == ("the task, as its author was told (1 lines)", "the benchmark (1200 lines)")
    assert inquiry.diffs_whole


def test_the_limit_holds(tmp_path: Path) -> None:
    """A question never takes more than the context leaves when the reply is kept free."""
    question = make(tmp_path, COVERED, description="Do it. " * 2000, benchmark=BENCH * 200)
    for context in range(10_000, 30_000, 2_500):
        questionnaire = answer(question, context=context)
        if not isinstance(questionnaire, Abstained):
            assert all(inquiry.tokens <= context - 4_000 - 1_000 for inquiry in questionnaire.plain)


def test_both_changes_whole_or_nobody_is_asked(tmp_path: Path) -> None:
    """An answer about a part of a change could not stand, so it is not paid for; the reader is told what is needed."""
    after = "".join(f"def f{n}(x):\n    return {n} + x\n\n\n" for n in range(900))
    question = make(tmp_path, {**COVERED, "lib/big.py": after}, before=big(900))
    abstained = answer(question, context=20_000)
    assert isinstance(abstained, Abstained)
    assert abstained.reason == "partial-evidence"
    assert re.search(r"take about \d+ tokens .* candidate change, lib/big.py \(\d+ lines\)", abstained.message)
    assert "--context" in abstained.message
    assert questions(question, context=200_000).plain[0].omitted == ()


@pytest.mark.parametrize(("name", "is_asked"), [("model.bin", False), ("docs/plot.png", True)])
def test_what_cannot_be_shown(name: str, is_asked: bool, tmp_path: Path) -> None:
    """A binary file that a program may read cannot be judged and is not passed over; a picture decides nothing."""
    make_repo(tmp_path / "repo", dict(BASE))
    patch = diff_of(tmp_path / "repo", {name: bytes(range(256)), **COVERED}, "--binary")
    outcome = answer(make(tmp_path, patch))
    if is_asked:
        assert not isinstance(outcome, Abstained)
        assert f"= {name}\n= added\n= mode 100644\n= binary, not shown" in outcome.plain[0].own
    else:
        assert isinstance(outcome, Abstained)
        assert outcome.reason == "partial-evidence"
        assert name in outcome.message


def test_no_human_side(tmp_path: Path) -> None:
    """Without a human change there is nothing to compare with."""
    abstained = answer(make(tmp_path, COVERED, human=None))
    assert isinstance(abstained, Abstained)
    assert abstained.reason == "no-human-side"


def test_no_units(tmp_path: Path) -> None:
    """A human change of tests alone holds no logic to compare."""
    abstained = answer(make(tmp_path, COVERED, human={"tests/test_hot.py": "def test():\n    pass\n"}))
    assert isinstance(abstained, Abstained)
    assert abstained.reason == "no-units"


def test_many_units_are_all_asked_about(tmp_path: Path) -> None:
    """However many units there are, each is asked about; the model is told that short answers do."""
    count = MANY_UNITS + 5
    human = {"lib/big.py": big(count)["lib/big.py"].replace("return x", "return 1 * x")}
    inquiry = questions(make(tmp_path, COVERED, before=big(count), human=human)).plain[0]
    assert len(inquiry.units) == count
    assert "There are many units" in inquiry.own
    assert f"from U1 to U{count} exactly once" in inquiry.own


def test_findings_become_facts(tmp_path: Path) -> None:
    """What a rule warns of is given as a fact, with the document and line that it is about."""
    files = {**COVERED, "tests/conftest.py": "import pytest\n\n\ndef pytest_runtest_makereport():\n    return None\n"}
    inquiry = questions(make(tmp_path, files)).plain[0]
    facts = [line for line in inquiry.own.splitlines() if re.match(r"F\d+ Rule tamper-", line)]
    assert facts
    assert all("C2" in fact or "C1" in fact for fact in facts)
    assert "tests/conftest.py" in " ".join(inquiry.facts.values())


# Opening


def test_open() -> None:
    """Votes decide on the orders, the context is 128,000 tokens where nobody says."""
    assert Questioner.open(JudgingOptions()).identity == Questioner("logic-1", DEFAULT_CONTEXT, 16_000, 1).identity
    assert (
        Questioner.open(JudgingOptions(votes=5)).identity == Questioner("logic-1", DEFAULT_CONTEXT, 16_000, 2).identity
    )


def test_what_cannot_work_is_said_at_once() -> None:
    """An unknown pack, or a context without room for a question, stops before anything is done."""
    with pytest.raises(UsageError, match="no prompt pack is called 'logic-0'"):
        Questioner("logic-0", 128_000, 4_000, 1)
    with pytest.raises(UsageError, match="leaves no room"):
        Questioner("logic-1", 8_000, 7_000, 1)


def test_the_estimate_counts_all_that_is_sent(tmp_path: Path) -> None:
    """Instructions, both parts and the schema are in the estimate."""
    inquiry = questions(make(tmp_path, COVERED)).plain[0]
    text = estimate_tokens(inquiry.system) + estimate_tokens(inquiry.shared) + estimate_tokens(inquiry.own)
    assert text + 500 < inquiry.tokens < text + 4_000
