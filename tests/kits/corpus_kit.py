"""Finds the optional test data (a public run archive and the two repositories its runs were made in) and reads it.

An outside checkout has neither; `find_corpus` then raises `CorpusAbsent`, which says what to set.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {"vllm": "HabanaAI+vllm-fork", "sglang": "fzyzcjy+sglang"}
"""Folder of each repository: OWNER+NAME of a public fork that holds every commit the archive names."""


class CorpusAbsent(RuntimeError):
    """The run archive or a repository is not on this machine; the message says where it was looked for."""


@dataclass(frozen=True, kw_only=True)
class CorpusRun:
    """One recorded run of an agent, and what is known about its patch from plain git and CPython's parser.

    Attributes:
        path: the run's folder inside the archive; it identifies the run.
        patch: whether the run left a patch with content, an empty one, or none.
        applies: whether `git apply` takes the patch; None where there is nothing to apply.
        files: the paths the patch touches, where it applies.
        broken: the Python files that do not parse after it.
    """

    path: str
    repo: str
    base: str
    human: str
    patch: Literal["yes", "empty", "missing"]
    applies: bool | None
    files: frozenset[str]
    broken: frozenset[str]

    @property
    def case(self) -> str:
        """The name of the run's task; the archive has one base for each human commit."""
        return f"{self.repo}-{self.human}"

    @property
    def id(self) -> str:
        """The id of the run's candidate in a graded run."""
        return f"{self.case}/{self.path}"


@dataclass(frozen=True, kw_only=True)
class HumanCommit:
    """One performance commit of a person, with its parent and diff."""

    repo: str
    commit: str
    parent: str
    diff: str


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """The archive's folder and the repositories by name."""

    folder: Path
    repos: Mapping[str, Path]

    @cached_property
    def runs(self) -> tuple[CorpusRun, ...]:
        """All recorded runs, in the archive's order."""
        return tuple(_run(row) for row in _rows(self.folder / "expected_static.jsonl"))

    @cached_property
    def human_commits(self) -> tuple[HumanCommit, ...]:
        """All human commits, in the archive's order."""
        rows = _rows(self.folder / "human_commits.jsonl")
        return tuple(HumanCommit(**{key: row[key] for key in ("repo", "commit", "parent", "diff")}) for row in rows)

    def patch_text(self, run: CorpusRun) -> str | None:
        """Return the patch a run left, None where it left no file."""
        file = self.folder / run.path / "model_patch.diff"
        return file.read_bytes().decode("utf-8") if run.patch != "missing" else None

    def write_predictions(self, file: Path, keep: Callable[[CorpusRun], bool] = lambda run: True) -> None:
        """Write the runs as a prediction file, which is what `judge grade` reads."""
        _write_rows(file, (self._prediction(run) for run in self.runs if keep(run)))

    def _prediction(self, run: CorpusRun) -> dict[str, str | None]:
        return {
            "instance_id": run.case,
            "model_name_or_path": run.path,
            "model_patch": self.patch_text(run),
            "repo": run.repo,
            "base_commit": run.base,
            "human_commit": run.human,
        }


def find_corpus() -> Corpus:
    """Find the archive and both repositories.

    The archive is `$JUDGE_CORPUS`, or `shared/corpus/iso-bench` beside this checkout. The repositories
    are folders OWNER+NAME in `$JUDGE_CORPUS_REPOS`, or in `.mirror` beside this checkout; each is a git
    directory, a clone, or holds either under the name `repo`.

    Raises:
        CorpusAbsent: one of them is not there.
    """
    folder = Path(os.environ.get("JUDGE_CORPUS") or ROOT.parent / "shared/corpus/iso-bench")
    if not (folder / "expected_static.jsonl").is_file():
        raise CorpusAbsent(f"no run archive at {folder}; set JUDGE_CORPUS to its folder")
    store = Path(os.environ.get("JUDGE_CORPUS_REPOS") or ROOT.parent / ".mirror")
    repos = {name: _git_folder(store / source) for name, source in SOURCES.items()}
    absent = [SOURCES[name] for name, path in repos.items() if path is None]
    if absent:
        raise CorpusAbsent(
            f"no repository {' and no '.join(absent)} in {store}; set JUDGE_CORPUS_REPOS to their folder"
        )
    return Corpus(folder=folder, repos={name: path for name, path in repos.items() if path is not None})


def _git_folder(folder: Path) -> Path | None:
    places = (folder / "repo", folder)
    return next((place for place in places if (place / "HEAD").is_file() or (place / ".git").exists()), None)


def _run(row: Mapping[str, object]) -> CorpusRun:
    return CorpusRun(
        path=str(row["run"]),
        repo=str(row["repo"]),
        base=str(row["base"]),
        human=str(row["human"]),
        patch=row["patch"],  # type: ignore[arg-type]  # one of the three words
        applies=row.get("applies"),  # type: ignore[arg-type]  # true, false or absent
        files=frozenset(row.get("files", ())),  # type: ignore[call-overload]  # a list of paths
        broken=frozenset(row.get("python_syntax_errors", ())),  # type: ignore[call-overload]  # a list of paths
    )


def _rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open("rb") as lines:
        yield from (json.loads(line) for line in lines)


def _write_rows(file: Path, rows: Iterable[Mapping[str, str | None]]) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
