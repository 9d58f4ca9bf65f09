"""The documents of a question, as visible text: both changes, the base code around them, the benchmark, the task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

from judge.core.judgement import Side
from judge.core.question import Question
from judge.llm.questions.framing import shown, shown_line, with_margin
from judge.llm.questions.neutral import Neutral
from judge.llm.questions.regions import Region, base_lines, base_regions
from judge.llm.questions.tokens_estimate import estimate_tokens
from judge.static_checks.change.change import TouchedFile
from judge.static_checks.patch.parse import decode
from judge.static_checks.source.paths import is_source, is_test


class Rank(IntEnum):
    """How much a document matters; the least relevant is left out first."""

    HUMAN_CODE = 0
    CANDIDATE_CODE = 1
    HUMAN_REST = 2
    CANDIDATE_REST = 3
    HUMAN_BASE = 4
    CANDIDATE_BASE = 5
    BENCHMARK = 6
    TASK = 7


@dataclass(frozen=True, kw_only=True)
class Document:
    """One document as it stands in a question.

    Attributes:
        id: what facts call it, such as `C1`.
        kind: what it is, in words of ours.
        side: the side that it can be quoted for; None if it cannot be quoted.
        paths: the paths under which it can be quoted, as they are shown.
        body: its lines, each with a margin; the first ones name the file.
        rank: how much it matters.
        unshown: why its content cannot be shown at all.
    """

    id: str
    kind: str
    side: Side | None = None
    paths: tuple[str, ...] = ()
    body: str
    rank: Rank
    unshown: str = ""

    def framed(self, mark: str) -> str:
        """Return the document between its marked lines."""
        return f"BEGIN {mark} {self.id} {self.kind}\n{self.body}\nEND {mark}"

    @cached_property
    def tokens(self) -> int:
        """CostEstimate of its tokens, frame included."""
        return estimate_tokens(self.framed("0" * 16))

    @property
    def name(self) -> str:
        """The document in words, for a person."""
        lines = self.body.count("\n") + 1
        return f"{self.kind}{f', {self.paths[0]}' if self.paths else ''} ({lines} lines)"


@dataclass(frozen=True, kw_only=True)
class QuestionDocuments:
    """All documents of one question, by what they belong to, each group in the order in which it is shown."""

    task: tuple[Document, ...]
    human_base: tuple[Document, ...]
    human: tuple[Document, ...]
    candidate_base: tuple[Document, ...]
    candidate: tuple[Document, ...]

    @property
    def documents(self) -> tuple[Document, ...]:
        """All of them."""
        return (*self.task, *self.human_base, *self.human, *self.candidate_base, *self.candidate)

    def only(self, kept: frozenset[str]) -> QuestionDocuments:
        """Return the evidence with only the documents that have these ids."""
        groups = (self.task, self.human_base, self.human, self.candidate_base, self.candidate)
        task, human_base, human, candidate_base, candidate = (
            tuple(document for document in group if document.id in kept) for group in groups
        )
        return QuestionDocuments(
            task=task, human_base=human_base, human=human, candidate_base=candidate_base, candidate=candidate
        )


def collect(question: Question, neutral: Mapping[str, Neutral] | None = None) -> QuestionDocuments:
    """Collect the documents of a question.

    Args:
        question: the candidate and its case.
        neutral: for the neutral version, what to show of each of the candidate's files, by path.
    """
    shared = _regions(question.human_files)
    human_base = _base_documents(question.human_files, shared, Rank.HUMAN_BASE, first=1)
    own = {
        path: tuple(region for region in regions if not _inside(region, shared.get(path, ())))
        for path, regions in _regions(question.files).items()
    }
    return QuestionDocuments(
        task=_task_documents(question),
        human_base=human_base,
        human=tuple(
            _change_document(file, f"H{number}", "human", None) for number, file in enumerate(question.human_files, 1)
        ),
        candidate_base=_base_documents(question.files, own, Rank.CANDIDATE_BASE, first=len(human_base) + 1),
        candidate=tuple(
            _change_document(file, f"C{number}", "candidate", neutral[file.path] if neutral else None)
            for number, file in enumerate(question.files, 1)
        ),
    )


def _task_documents(question: Question) -> tuple[Document, ...]:
    documents = []
    if question.description.strip():
        text = with_margin(question.description)
        documents.append(Document(id="T1", kind="the task, as its author was told", body=text, rank=Rank.TASK))
    if question.benchmark and question.benchmark.strip():
        text = with_margin(decode(question.benchmark))
        documents.append(Document(id="T2", kind="the benchmark", body=text, rank=Rank.BENCHMARK))
    return tuple(documents)


def _regions(files: Iterable[TouchedFile]) -> dict[str, tuple[Region, ...]]:
    """Base regions by the file's path in the base."""
    return {file.change.old_path: regions for file in files if file.change.old_path and (regions := base_regions(file))}


def _inside(region: Region, others: Sequence[Region]) -> bool:
    return any(other.start <= region.start and region.end <= other.end for other in others)


def _base_documents(
    files: Sequence[TouchedFile], regions: Mapping[str, Sequence[Region]], rank: Rank, *, first: int
) -> tuple[Document, ...]:
    documents: list[Document] = []
    by_path = {file.change.old_path: file for file in files if file.change.old_path}
    for path, wanted in regions.items():
        lines = base_lines(by_path[path]) if wanted else []
        for region in wanted:
            numbered = (f"{n}| {shown(lines[n - 1])}" for n in range(region.start, region.end + 1))
            documents.append(
                Document(
                    id=f"B{first + len(documents)}",
                    kind="base code",
                    side="base",
                    paths=(shown_line(path),),
                    body="\n".join([f"= {shown_line(path)}", *numbered]),
                    rank=rank,
                )
            )
    return tuple(documents)


def _change_document(file: TouchedFile, name: str, side: Side, neutral: Neutral | None) -> Document:
    change = file.change
    path = neutral.path if neutral else change.path
    old = change.old_path if change.old_path not in (None, change.path) else None
    notes = [f"{change.status} from {old}" if old else change.status]
    if change.new_mode and change.new_mode != change.old_mode:
        notes.append(f"mode {change.new_mode}")
    if neutral and neutral.note:
        notes.append(neutral.note)
    unshown = "binary" if change.binary and is_source(change.path) else ""  # a picture decides nothing
    head = [f"= {shown_line(path)}", *(f"= {shown_line(note)}" for note in notes)]
    if change.binary:
        head.append("= binary, not shown")
    code = is_source(change.path) and not is_test(change.path)
    if side == "human":
        rank = Rank.HUMAN_CODE if code else Rank.HUMAN_REST
    else:
        rank = Rank.CANDIDATE_CODE if is_source(change.path) else Rank.CANDIDATE_REST
    return Document(
        id=name,
        kind=f"{side} change",
        side=side,
        paths=tuple(shown_line(known) for known in (path, old) if known),
        body="\n".join([*head, *_hunk_lines(file, neutral)]),
        rank=rank,
        unshown=unshown,
    )


def _hunk_lines(file: TouchedFile, neutral: Neutral | None) -> Iterable[str]:
    for hunk in file.change.hunks:
        yield f"@@ -{hunk.old_start},{hunk.old_count} +{hunk.new_start},{hunk.new_count} @@"
        for line in hunk.lines:
            yield f"{line.kind}{shown(neutral.line(line) if neutral else line.text)}"
