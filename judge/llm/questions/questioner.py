"""Makes the questions about one candidate: plain data, the same bytes for the same inputs. Asks nobody."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from judge.core.judgement import Abstained, Order, Side
from judge.core.question import Question
from judge.errors import UsageError
from judge.lib.digests import digest
from judge.llm.answer import answer_schema
from judge.llm.inquiry import Inquiry, Questionnaire
from judge.llm.options import JudgingOptions
from judge.llm.questions.documents import Document, QuestionDocuments, Rank, collect
from judge.llm.questions.facts import facts
from judge.llm.questions.framing import make_mark, shown_line
from judge.llm.questions.injection import signs
from judge.llm.questions.neutral import neutralise
from judge.llm.questions.tokens_estimate import estimate_tokens
from judge.prompts import Pack, PackError, load_pack
from judge.static_checks.change.change import TouchedFile
from judge.static_checks.change.units import human_units

DEFAULT_CONTEXT = 128_000
MARGIN = 1_000
"""Tokens left free for what a provider adds of its own."""
MANY_UNITS = 60
"""More units than this are asked about all the same, with short answers."""

_ORDERS: tuple[Order, ...] = ("human-first", "candidate-first")
_JUDGE = "no model"
_SCOPE = "no model was asked"
_MAX_NAMES = 12


@dataclass(frozen=True, kw_only=True)
class _Draft:
    """What all questions about one candidate have in common.

    Attributes:
        question: the candidate and its case.
        units: the units of the human change.
        kept: ids of the documents that fit.
        omitted: the documents that do not.
        mark: frames the documents of the case; the same for all its candidates.
    """

    question: Question
    units: tuple[str, ...]
    kept: frozenset[str]
    omitted: tuple[Document, ...]
    mark: str


class Questioner:
    """Makes the questions about a candidate with one prompt pack, for models with one size of context.

    Attributes:
        context_tokens: what the models can read and write together.
        identity: what the questions depend on besides the candidate and its case.
    """

    def __init__(self, pack: str, context_tokens: int, max_output_tokens: int, orders: int) -> None:
        """Load the pack.

        Args:
            pack: its name.
            context_tokens: see above.
            max_output_tokens: what is kept free for the reply.
            orders: in how many orders the two changes are shown, 1 or 2.

        Raises:
            UsageError: there is no such pack, or the reply leaves no room for a question.
        """
        try:
            self._pack = load_pack(pack)
        except PackError as error:
            raise UsageError(f"--pack {pack!r}: {error}") from error
        self._schema = json.dumps(answer_schema(), sort_keys=True)
        self._digest = pack_digest(self._pack, self._schema)
        self._orders = _ORDERS[:orders]
        fixed = estimate_tokens(self._pack.texts["system.md"] + self._schema)
        self._texts = self._pack.texts["shared.md"], self._pack.texts["own.md"], self._pack.texts["neutral.md"]
        self._last: tuple[tuple[TouchedFile, ...], tuple[str, ...]] | None = None
        self._name = f"{pack}@{self._digest[:12]}"
        self._room = context_tokens - max_output_tokens - MARGIN - fixed
        self._fixed = fixed
        self.context_tokens = context_tokens
        if self._room <= 0:
            raise UsageError(
                f"a context of {context_tokens} tokens leaves no room for a question: the reply may take "
                f"{max_output_tokens} (--max-output-tokens), the instructions take {fixed + MARGIN}"
            )
        self.identity = digest([self._digest, str(context_tokens), str(max_output_tokens), str(orders)])

    @classmethod
    def open(cls, options: JudgingOptions) -> Questioner:
        """Make a questioner for these options.

        Raises:
            UsageError: as for a questioner made by hand.
        """
        return cls(
            options.pack,
            options.context_tokens or DEFAULT_CONTEXT,
            options.max_output_tokens,
            orders=min(options.votes, len(_ORDERS)),
        )

    def judge(self, question: Question) -> Questionnaire | Abstained:
        """Make the questions, or say why there are none to be asked.

        Both changes are shown in full or nobody is asked: no answer could stand.
        """
        if question.human_patch is None:
            return self._abstained("no-human-side", "the case has no human change to compare with")
        units = self._units(question)
        if not units:
            return self._abstained("no-units", "the human change edits no source file: there is no logic to compare")
        evidence = collect(question)
        if unshown := [document for document in evidence.documents if document.unshown]:
            names = ", ".join(f"{document.name}: {document.unshown}" for document in unshown)
            return self._abstained("partial-evidence", f"not asked, since a model cannot be shown {names}")
        kept = self._fitting(question, evidence, units)
        omitted = tuple(document for document in evidence.documents if document.id not in kept)
        if any(document.rank <= Rank.CANDIDATE_REST for document in omitted):
            return self._abstained("partial-evidence", self._too_long(evidence, omitted))
        case = (*evidence.task, *evidence.human_base, *evidence.human)
        mark = make_mark(document.body for document in case)
        draft = _Draft(question=question, units=units, kept=kept, omitted=omitted, mark=mark)
        injection_signs = signs(question)
        if any(mark in document.body for document in (*evidence.candidate, *evidence.candidate_base)):
            injection_signs = (*injection_signs, "the candidate holds the mark that frames the documents of the case")
        neutral: tuple[Inquiry, ...] = ()
        if injection_signs:
            neutral = self._inquiries(draft, collect(question, neutralise(question.files)), neutral=True)
        plain = self._inquiries(draft, evidence, neutral=False)
        return Questionnaire(candidate=question.candidate, plain=plain, neutral=neutral, signs=injection_signs)

    def _units(self, question: Question) -> tuple[str, ...]:
        """The candidates of a case come one after another and share their human side."""
        if self._last is None or self._last[0] is not question.human_files:
            self._last = question.human_files, human_units(question.human_files)
        return self._last[1]

    def _abstained(self, reason: str, message: str) -> Abstained:
        return Abstained(judge=_JUDGE, scope=_SCOPE, prompt=self._name, reason=reason, message=message)

    def _too_long(self, evidence: QuestionDocuments, omitted: Sequence[Document]) -> str:
        needed = sum(d.tokens for d in evidence.documents if d.rank <= Rank.CANDIDATE_REST)
        names = [document.name for document in omitted if document.rank <= Rank.CANDIDATE_REST]
        more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
        return (
            f"not asked: both changes take about {needed} tokens and a context of {self.context_tokens} has room for "
            f"{self._room}; what does not fit: {', '.join(names[:_MAX_NAMES])}{more}; give a larger --context"
        )

    def _fitting(self, question: Question, evidence: QuestionDocuments, units: Sequence[str]) -> frozenset[str]:
        """Return the ids of the documents that fit: the relevant ones first, the smaller ones first among equals."""
        given = facts(question, {}, units, neutral=False)
        frame = "".join([*self._texts, _numbered("U", units), _numbered("F", [fact.kept for fact in given])])
        room = self._room - estimate_tokens(frame)
        kept = set()
        for document in sorted(evidence.documents, key=lambda d: (d.rank, d.tokens, d.id)):
            if document.tokens <= room:
                kept.add(document.id)
                room -= document.tokens
            else:
                room -= estimate_tokens(document.name)  # it will be named as left out
        return frozenset(kept)

    def _inquiries(self, draft: _Draft, evidence: QuestionDocuments, *, neutral: bool) -> tuple[Inquiry, ...]:
        shown = evidence.only(draft.kept)
        return tuple(self._inquiry(draft, shown, order, neutral=neutral) for order in self._orders)

    def _inquiry(self, draft: _Draft, evidence: QuestionDocuments, order: Order, *, neutral: bool) -> Inquiry:
        base = (*evidence.task, *evidence.human_base)
        candidate = tuple(
            _without(document, draft.mark) for document in (*evidence.candidate_base, *evidence.candidate)
        )
        first = order == "human-first"
        common, own = ((*base, *evidence.human), candidate) if first else (base, (*candidate, *evidence.human))
        documents = {
            path.path: document.id for path, document in zip(draft.question.files, evidence.candidate, strict=True)
        }
        given = facts(draft.question, documents, draft.units, neutral=neutral)
        mark = make_mark([document.body for document in own], avoid=[draft.mark, *(d.body for d in common)])
        shared = self._pack.fill(
            "shared.md",
            mark=draft.mark,
            documents=_framed(common, draft.mark),
            units=_numbered("U", [shown_line(unit) for unit in draft.units]),
        )
        text = self._pack.fill(
            "own.md",
            note=self._pack.texts["neutral.md"] if neutral else "",
            facts=_numbered("F", [fact.sent for fact in given]),
            mark=mark,
            documents=_framed(own, mark),
            omitted="; ".join(document.name for document in draft.omitted) or "nothing",
            brief=self._pack.texts["many.md"] if len(draft.units) > MANY_UNITS else "",
            last_unit=f"U{len(draft.units)}",
        )
        return Inquiry(
            pack=self._pack.name,
            pack_digest=self._digest,
            system=self._pack.texts["system.md"],
            shared=shared,
            own=text,
            order=order,
            units={f"U{number}": unit for number, unit in enumerate(draft.units, 1)},
            facts={f"F{number}": fact.kept for number, fact in enumerate(given, 1)},
            documents=_quotable((*base, *evidence.human, *candidate)),
            omitted=tuple(document.name for document in draft.omitted),
            diffs_whole=True,
            tokens=self._fixed + estimate_tokens(shared) + estimate_tokens(text),
            neutral=neutral,
        )


def pack_digest(pack: Pack, schema: str) -> str:
    """Return the digest of a pack together with the schema of its answer."""
    return digest([pack.digest, schema])


def _numbered(letter: str, lines: Sequence[str]) -> str:
    return "\n".join(f"{letter}{number} {line}" for number, line in enumerate(lines, 1))


def _framed(documents: Sequence[Document], mark: str) -> str:
    return "\n\n".join(document.framed(mark) for document in documents)


def _without(document: Document, mark: str) -> Document:
    """A candidate that knows the case can write the mark of its documents, but not have it shown."""
    return replace(document, body=document.body.replace(mark, "<mark>")) if mark in document.body else document


def _quotable(documents: Sequence[Document]) -> dict[tuple[Side, str], tuple[str, ...]]:
    texts: dict[tuple[Side, str], tuple[str, ...]] = {}
    for document in documents:
        if document.side is not None:
            for path in document.paths:
                key = (document.side, path)
                texts[key] = (*texts.get(key, ()), document.body)
    return texts
