"""Reading answers: any text is an answer or a failure, any answer judged or abstained, no claim beyond its quotes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.core.judgement import Abstained, Judged, Side, Tokens
from judge.llm.answer import Answer
from judge.llm.answer_reading import MAX_TEXT, read_answer, weigh
from judge.llm.inquiry import Inquiry
from judge.llm.reply import Failure, Reply, Stop

CANDIDATE = (
    "= a.py\n= modified\n@@ -1,3 +1,3 @@\n def total(rows):\n-    found = slow_sum(rows)\n+    found = sum(rows)"
)
HUMAN = (
    "= a.py\n= modified\n@@ -1,3 +1,3 @@\n def total(rows):\n-    found = slow_sum(rows)\n+    found = fast_sum(rows)"
)
BASE = "= a.py\n1| def total(rows):\n2|     found = slow_sum(rows)\n3|     return found"
OURS = {"side": "candidate", "file": "a.py", "text": "found = sum(rows)"}
THEIRS = {"side": "human", "file": "a.py", "text": "found = fast_sum(rows)"}
INVENTED = {"side": "candidate", "file": "a.py", "text": "found = numpy.sum(rows)"}

INQUIRY = Inquiry(
    pack="logic-1",
    pack_digest="0" * 64,
    system="s",
    shared="shared",
    own="own",
    order="human-first",
    units={"U1": "a.py::total", "U2": "a.py::other"},
    facts={"F1": "The candidate applies.", "F2": "It shares a file."},
    documents={("candidate", "a.py"): (CANDIDATE,), ("human", "a.py"): (HUMAN,), ("base", "a.py"): (BASE,)},
    tokens=100,
)


def unit(name: str, coverage: str, *quotes: Any) -> dict[str, Any]:
    """Return an answer about one unit."""
    return {"unit": name, "quotes": list(quotes), "why": "because", "coverage": coverage}


def answer_fields(
    *units: dict[str, Any], bottleneck: str = "same", quotes: Sequence[Any] = (OURS,), **more: Any
) -> dict[str, Any]:
    """Return a whole answer as plain data."""
    return {
        "human_change": "h",
        "candidate_change": "c",
        "units": list(units or (unit("U1", "covered", OURS), unit("U2", "covered", OURS))),
        "bottleneck_quotes": list(quotes),
        "bottleneck_why": "b",
        "bottleneck": bottleneck,
        "extra_scope": [],
        "risks": [],
        "hack_signs": [],
        "disputed_facts": [],
        **more,
    }


def reply(text: str, stop: Stop = "end", tokens: Tokens | None = None) -> Reply:
    """Return a reply with this text."""
    return Reply(text=text, stop=stop, detail="word", tokens=tokens or Tokens())


def judged(*units: dict[str, Any], inquiry: Inquiry = INQUIRY, **more: Any) -> Judged:
    """Weigh an answer that must be judged."""
    outcome = weighed(*units, inquiry=inquiry, **more)
    assert isinstance(outcome, Judged), outcome
    return outcome


def abstained(*units: dict[str, Any], inquiry: Inquiry = INQUIRY, **more: Any) -> Abstained:
    """Weigh an answer on which the judge must abstain."""
    outcome = weighed(*units, inquiry=inquiry, **more)
    assert isinstance(outcome, Abstained), outcome
    return outcome


def weighed(*units: dict[str, Any], inquiry: Inquiry = INQUIRY, **more: Any) -> Judged | Abstained:
    """Read and weigh an answer."""
    answer = read_answer(reply(json.dumps(answer_fields(*units, **more))), inquiry)
    assert isinstance(answer, Answer), answer
    return weigh(answer, inquiry, judge="openai:m", scope="s")


# Reading


@pytest.mark.parametrize(
    ("stop", "text", "reason"),
    [
        ("refusal", "{}", "refusal"),
        ("content-filter", "", "content-filter"),
        ("context", "", "context-exceeded"),
        ("failed", "", "failed"),
        ("other", "", "failed"),
        ("length", "", "empty-truncated"),
        ("length", " \n", "empty-truncated"),
        ("length", '{"human', "truncated"),
        ("end", "", "empty"),
        ("end", " \n", "empty"),
    ],
)
def test_how_it_ended_comes_first(stop: Stop, text: str, reason: str) -> None:
    """Each way to end without an answer has its own reason."""
    failure = read_answer(reply(text, stop), INQUIRY)
    assert isinstance(failure, Failure)
    assert failure.reason == reason


@pytest.mark.parametrize("stop", [stop for stop in get_args(Stop) if stop != "end"])
def test_only_a_reply_that_ended_properly_is_read(stop: Stop) -> None:
    """A perfect answer in a reply that did not end properly is no answer."""
    assert isinstance(read_answer(reply(json.dumps(answer_fields()), stop), INQUIRY), Failure)


@pytest.mark.parametrize(
    "text",
    [
        "the patch is good",
        "null",
        "[]",
        '"covered"',
        "{}",
        json.dumps(answer_fields()) + "\nI am sure.",
        f"```json\n{json.dumps(answer_fields())}\n```",
        json.dumps(answer_fields() | {"verdict": "pass"}),
        json.dumps({k: v for k, v in answer_fields().items() if k != "risks"}),
        json.dumps(answer_fields(bottleneck_why=None)),
        json.dumps(answer_fields(bottleneck_why=7)),
        json.dumps(answer_fields(risks=None)),
        json.dumps(answer_fields()).replace('"bottleneck": "same"', '"bottleneck": "other", "bottleneck": "same"'),
        json.dumps(answer_fields()).replace('"why": "because"', '"why": NaN', 1),
        "[" * 100_000,
        '{"human_change": ' + "9" * 5000 + "}",
        '{"a": "\\ud800"}',
    ],
)
def test_what_is_not_the_form_is_no_answer(text: str) -> None:
    """Strict JSON of the asked form and nothing else: no prose around it, no fence, no key too many or twice."""
    failure = read_answer(reply(text), INQUIRY)
    assert isinstance(failure, Failure)
    assert failure.reason == "schema-invalid"
    assert len(failure.message) < 600


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(answer_fields(bottleneck="maybe")),
        json.dumps(answer_fields(bottleneck="Same")),
        json.dumps(answer_fields(unit("U1", "yes", OURS), unit("U2", "covered", OURS))),
    ],
)
def test_a_value_that_is_not_on_the_menu_has_its_own_name(text: str) -> None:
    """The right form with a word that nobody offered is no answer either."""
    failure = read_answer(reply(text), INQUIRY)
    assert isinstance(failure, Failure) and failure.reason == "value-invalid"


@pytest.mark.parametrize(
    ("units", "word"),
    [
        ([unit("U1", "covered", OURS)], "not answered: U2"),
        ([unit("U1", "covered"), unit("U2", "covered"), unit("U3", "covered")], "not asked about: U3"),
        ([unit("U1", "covered"), unit("U2", "covered"), unit("U2", "missing")], "answered twice: U2"),
        ([unit("u1", "covered"), unit("U2", "covered")], "not answered: U1"),
    ],
)
def test_exactly_the_units_asked_about(units: list[dict[str, Any]], word: str) -> None:
    """An answer leaves out no unit, invents none, and says one thing of each."""
    failure = read_answer(reply(json.dumps(answer_fields(*units))), INQUIRY)
    assert isinstance(failure, Failure)
    assert failure.reason == "units-invalid"
    assert word in failure.message


def test_a_server_that_read_too_little_is_found_out() -> None:
    """A context that was cut without a word shows in the server's own count of tokens."""
    long = replace(INQUIRY, own="for row in rows: found += row\n" * 1000)
    cut = read_answer(reply(json.dumps(answer_fields()), tokens=Tokens(input=2048)), long)
    assert isinstance(cut, Failure)
    assert cut.reason == "context-exceeded"
    assert "read 2048 tokens of a question of 30007 characters" in cut.message
    assert isinstance(read_answer(reply(json.dumps(answer_fields()), tokens=Tokens(input=9000)), long), Answer)
    assert isinstance(read_answer(reply(json.dumps(answer_fields())), long), Answer), "a server that does not count"


@given(st.one_of(st.text(), st.binary().map(lambda data: data.decode("latin-1"))), st.sampled_from(get_args(Stop)))
@settings(max_examples=300, deadline=None)
def test_any_text_is_an_answer_or_a_failure(text: str, stop: Stop) -> None:
    """No text makes the reader raise."""
    assert isinstance(read_answer(reply(text, stop), INQUIRY), Answer | Failure)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(answer_fields())), JSON)
@settings(max_examples=300, deadline=None)
def test_any_value_anywhere_is_an_answer_or_a_failure(key: str, value: object) -> None:
    """An answer with one field replaced by any JSON is read or refused, never a crash."""
    reading = read_answer(reply(json.dumps(answer_fields() | {key: value})), INQUIRY)
    assert isinstance(reading, Answer | Failure)


# Weighing


def test_full() -> None:
    """Every unit covered on the same bottleneck, each with a quote that holds, is a full match."""
    judgement = judged()
    assert (judgement.logic_match, judgement.completeness, judgement.bottleneck) == ("full", 1.0, "same")
    assert [u.unit for u in judgement.units] == ["a.py::total", "a.py::other"]
    assert all(evidence.verified for evidence in judgement.evidence)
    assert (judgement.unverified_quotes, judgement.judge, judgement.prompt) == (0, "openai:m", INQUIRY.prompt)


def test_partial() -> None:
    """A missing unit that is shown makes the match partial."""
    judgement = judged(unit("U1", "covered", OURS), unit("U2", "missing", THEIRS))
    assert (judgement.logic_match, judgement.completeness) == ("partial", 0.5)


@pytest.mark.parametrize(("bottleneck", "quotes"), [("other", [OURS]), ("none", [])])
def test_none(bottleneck: str, quotes: list[Any]) -> None:
    """Another bottleneck, or none at all, is no match."""
    judgement = judged(
        unit("U1", "missing", THEIRS), unit("U2", "missing", THEIRS), bottleneck=bottleneck, quotes=quotes
    )
    assert (judgement.logic_match, judgement.score) == ("none", 0.0)


@pytest.mark.parametrize("coverage", ["covered", "covered_differently"])
@pytest.mark.parametrize("quotes", [[], [INVENTED], [THEIRS], [{**OURS, "side": "base"}], [{**OURS, "file": "b.py"}]])
def test_covered_needs_a_quote_of_the_candidate(coverage: str, quotes: list[Any]) -> None:
    """Without one the claim is lowered to unclear, and the record keeps what was said."""
    abstention = abstained(unit("U1", coverage, *quotes), unit("U2", "covered", OURS))
    assert abstention.reason == "unclear"
    assert "a.py::total" in abstention.message
    assert any(f"unclear (said {coverage}" in line for line in abstention.facts["what it said of the units"])


@pytest.mark.parametrize("quotes", [[], [OURS], [{**THEIRS, "text": "found = other_sum(rows)"}]])
def test_missing_needs_a_quote_of_the_human_change(quotes: list[Any]) -> None:
    """Nobody is failed on a claim that shows nothing."""
    abstention = abstained(unit("U1", "covered", OURS), unit("U2", "missing", *quotes))
    assert abstention.reason == "unclear"


@pytest.mark.parametrize("bottleneck", ["same", "other"])
@pytest.mark.parametrize("quotes", [[], [INVENTED], [THEIRS]])
def test_the_bottleneck_needs_a_quote_of_the_candidate(bottleneck: str, quotes: list[Any]) -> None:
    """Without one it is unclear, and so is everything."""
    assert abstained(bottleneck=bottleneck, quotes=quotes).reason == "unclear"


def test_unclear_that_changes_nothing() -> None:
    """Where the match does not turn on it, an unclear unit is kept as what it is, with what was claimed."""
    units = unit("U1", "unclear"), unit("U2", "covered", INVENTED)
    judgement = judged(*units, bottleneck="other")
    assert judgement.logic_match == "none"
    assert [(u.coverage, u.claimed) for u in judgement.units] == [("unclear", None), ("unclear", "covered")]
    assert judgement.unverified_quotes == 1


def test_an_answer_against_itself() -> None:
    """Every unit covered and yet another bottleneck cannot both be: nobody is failed on it."""
    assert abstained(bottleneck="other").reason == "inconsistent"
    assert abstained(bottleneck="none", quotes=[]).reason == "inconsistent"


def test_made_up_evidence() -> None:
    """More than half of at least four quotes invented: nothing that this answer says counts."""
    abstention = abstained(unit("U1", "covered", OURS, INVENTED, INVENTED), unit("U2", "covered", INVENTED))
    assert abstention.reason == "evidence-unverified"
    assert abstention.message.startswith("3 of 5 quotes")
    half = judged(unit("U1", "covered", OURS, INVENTED), unit("U2", "covered", OURS, INVENTED), quotes=[OURS, INVENTED])
    assert (half.logic_match, half.unverified_quotes) == ("full", 3)


@pytest.mark.parametrize("units", [(), (unit("U1", "covered", OURS), unit("U2", "missing", THEIRS))])
def test_part_of_the_evidence_cannot_pass(units: tuple[dict[str, Any], ...]) -> None:
    """A match, whole or in part, does not stand where anything was left out, and says what."""
    abstention = abstained(*units, inquiry=replace(INQUIRY, omitted=("the benchmark (900 lines)",)))
    assert abstention.reason == "partial-evidence"
    assert "the benchmark (900 lines)" in abstention.message
    assert abstention.omitted == ("the benchmark (900 lines)",)


def test_no_match_stands_on_whole_changes_only() -> None:
    """That there is no match can be said without the benchmark, not without a part of the changes."""
    units = unit("U1", "missing", THEIRS), unit("U2", "missing", THEIRS)
    without = replace(INQUIRY, omitted=("the benchmark (900 lines)",))
    assert judged(*units, bottleneck="other", inquiry=without).omitted == without.omitted
    abstention = abstained(*units, bottleneck="other", inquiry=replace(without, diffs_whole=False))
    assert abstention.reason == "partial-evidence"


def test_facts_stand() -> None:
    """A dispute is recorded with the fact and changes nothing; one about no fact is counted."""
    disputes = [{"fact": "F1", "why": "it does not"}, {"fact": "F9", "why": "x"}, {"fact": "syntax", "why": "y"}]
    judgement = judged(disputed_facts=disputes)
    assert judgement.logic_match == "full"
    assert judgement.contradictions == (
        "disputes F1 (The candidate applies.): it does not",
        "disputes 2 facts that were not given: F9, syntax",
    )


def test_concerns_keep_whether_they_are_supported() -> None:
    """Risks, hack signs and extra scope are kept, each with whether a quote of it holds."""
    judgement = judged(
        risks=[{"quotes": [OURS], "why": "w", "kind": "precision"}],
        hack_signs=[{"quotes": [INVENTED], "why": "w", "kind": "result_cache"}],
        extra_scope=[{"quotes": [], "why": "w"}],
    )
    assert [(c.about, c.kind, c.supported) for c in judgement.concerns] == [
        ("risk", "precision", True),
        ("hack", "result_cache", False),
        ("scope", "extra", False),
    ]


def test_no_text_of_a_model_is_kept_without_end() -> None:
    """What enters a record is bounded and visible."""
    flood = "x\u202e\x1b" * 50_000
    quote = {"side": "candidate", "file": flood, "text": flood}
    units = {**unit("U1", "covered", OURS, quote), "why": flood}, unit("U2", "covered", OURS)
    judgement = judged(
        *units, bottleneck_why=flood, disputed_facts=[{"fact": "F1", "why": flood}, {"fact": flood, "why": ""}]
    )
    kept = judgement.model_dump_json()
    assert len(kept) < 20 * MAX_TEXT
    assert not {"\u202e", "\x1b", "\\u001b"} & set(kept)
    assert "more characters)" in judgement.units[0].why


TEXTS = st.one_of(st.text(max_size=40), st.sampled_from([CANDIDATE, HUMAN, BASE, OURS["text"], "found", "a.py"]))
QUOTES = st.lists(
    st.fixed_dictionaries({"side": st.sampled_from(get_args(Side)), "file": st.just("a.py") | TEXTS, "text": TEXTS}),
    max_size=4,
)
COVERAGES = st.sampled_from(["covered", "covered_differently", "missing", "unclear"])
CONCERNS = st.lists(st.fixed_dictionaries({"quotes": QUOTES, "why": TEXTS, "kind": st.just("other")}), max_size=2)


@given(
    st.lists(st.tuples(QUOTES, COVERAGES), min_size=2, max_size=2),
    st.sampled_from(["same", "other", "none", "unclear"]),
    QUOTES,
    CONCERNS,
    st.booleans(),
    st.lists(st.fixed_dictionaries({"fact": st.sampled_from(["F1", "F3"]) | TEXTS, "why": TEXTS}), max_size=2),
)
@settings(max_examples=300, deadline=None)
def test_any_answer_is_judged_or_abstained(
    units: list[tuple[list[Any], str]],
    bottleneck: str,
    quotes: list[Any],
    concerns: list[Any],
    whole: bool,
    disputes: list[Any],
) -> None:
    """No answer of the right form makes the scales raise, and none passes beyond what its quotes carry."""
    inquiry = INQUIRY if whole else replace(INQUIRY, omitted=("the benchmark",))
    entries = [unit(f"U{n}", coverage, *cited) for n, (cited, coverage) in enumerate(units, 1)]
    outcome = weighed(
        *entries,
        bottleneck=bottleneck,
        quotes=quotes,
        inquiry=inquiry,
        risks=concerns,
        hack_signs=concerns,
        disputed_facts=disputes,
    )
    if isinstance(outcome, Judged):
        assert outcome.unverified_quotes == sum(not evidence.verified for evidence in outcome.evidence)
        if outcome.logic_match != "none":
            assert whole
            assert outcome.bottleneck == "same"
            covered = [u for u in outcome.units if u.coverage.startswith("covered")]
            assert covered
            shown = {e.claim.split()[0] for e in outcome.evidence if e.verified and e.side == "candidate"}
            assert {f"U{outcome.units.index(u) + 1}" for u in covered} <= shown
