"""Runs the gates over one candidate: apply first, the others on the applied tree."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from judge.static_checks.change.change import Change, HumanSide, TouchedFile
from judge.static_checks.discovery import all_rules
from judge.static_checks.model.case import Case
from judge.static_checks.model.finding import (
    GATES,
    Finding,
    Gate,
    GateResult,
    cannot_check,
    conclude,
    skipped,
    to_finding,
)
from judge.static_checks.patch.parse import FileChange
from judge.static_checks.repo.apply import Application, Applied, apply_patch
from judge.static_checks.repo.git import GitError, Repository, RepositoryError, ScratchRepository
from judge.static_checks.repo.origin import Origin, UnknownOrigin, find_origin
from judge.static_checks.repo.tree import DirectoryTree, GitTree, PatchedTree, SourceTree
from judge.static_checks.rule import CannotCheck, Rule
from judge.static_checks.source.parser_process import ParserHost
from judge.static_checks.source.python import PythonSource


class CaseError(ValueError):
    """A case cannot be graded at all; the message names the case, the thing and the next step."""


class BaseSources:
    """The files of a base that patches touch: each is read and parsed once for all candidates and the human side."""

    def __init__(self, base: SourceTree) -> None:
        """Read from `base`, when asked."""
        self.base = base
        self._known: dict[str, PythonSource] = {}

    def touched(self, application: Application) -> tuple[TouchedFile, ...]:
        """Return the files an applied patch touches, before and after; none if it was not applied."""
        if not isinstance(application, Applied):
            return ()
        return tuple(self._touched(file, application.after) for file in application.patch.files)

    def _touched(self, file: FileChange, after: PatchedTree) -> TouchedFile:
        known = self._before(file.old_path) if file.old_path is not None else None
        return TouchedFile(
            change=file,
            before=known.content if known else None,
            after=after.read(file.new_path) if file.new_path is not None else None,
            parsed_before=known,
        )

    def _before(self, path: str) -> PythonSource | None:
        if path not in self._known and (content := self.base.read(path)) is not None:
            self._known[path] = PythonSource(content)
        return self._known.get(path)


@dataclass(frozen=True, kw_only=True)
class PreparedCase:
    """What all candidates of a case share: the base tree and the human side applied to it."""

    case: Case
    scratch: ScratchRepository
    base: SourceTree
    base_commit: str | None
    human: HumanSide | None
    sources: BaseSources


class Checker(AbstractContextManager["Checker"]):
    """Runs every rule over candidates; keeps repositories, the last case and the parser open between them.

    Use it as a context manager, or call `close`.
    """

    def __init__(self, rules: Sequence[Rule] | None = None) -> None:
        """Use `rules`, or all there are."""
        self.rules = tuple(rules) if rules is not None else all_rules()
        self.parsers = ParserHost()
        self._repositories: dict[Path, Repository | None] = {}
        self._scratches: dict[Path, ScratchRepository] = {}
        self._prepared: PreparedCase | None = None

    def close(self) -> None:
        """Stop the child processes and delete the scratch repositories."""
        self.parsers.close()
        for scratch in self._scratches.values():
            scratch.close()
        self._scratches.clear()
        self._prepared = None

    def __exit__(self, *_: object) -> None:
        self.close()

    def prepare(self, case: Case) -> PreparedCase:
        """Open the base and the human side of a case; the last one is kept.

        Raises:
            CaseError: the repository, the base or the human side cannot be used.
        """
        if self._prepared is None or self._prepared.case != case:
            self._prepared = self._prepare(case)
        return self._prepared

    def change(self, case: Case, raw: bytes, *, missing: bool = False, twins: Sequence[str] = ()) -> Change:
        """Apply one patch and return all that the rules may look at.

        Args:
            case: the task.
            raw: the patch text.
            missing: the run left no patch at all; `raw` is empty then.
            twins: other cases that were given the same patch text.

        Raises:
            CaseError: see `prepare`.
            GitError: git could not do its work.
        """
        prepared = self.prepare(case)
        application = apply_patch(prepared.scratch, prepared.base, raw)

        def origin() -> Origin | UnknownOrigin | None:
            patch = getattr(application, "patch", None)
            if patch is None or prepared.base_commit is None:
                return None
            return find_origin(prepared.scratch, prepared.base_commit, patch)

        return Change(
            raw=raw,
            missing=missing,
            application=application,
            find_origin=origin,
            base=prepared.base,
            files=prepared.sources.touched(application),
            human=prepared.human,
            benchmark=_inside(case.repo, case.benchmark),
            tests=case.tests,
            twins=tuple(twins),
            parsers=self.parsers,
        )

    def check(self, change: Change) -> dict[Gate, GateResult]:
        """Run all gates and return their results; never raises for what a patch or rule does."""
        results: dict[Gate, GateResult] = {"apply": self._run("apply", change)}
        applied = results["apply"].status == "pass"
        if applied and not isinstance(change.application, Applied):
            # Only a missing rule gets here; without a reason on record nothing may be concluded.
            results["apply"] = conclude([cannot_check("apply-unexplained", _why(change.application))])
            applied = False
        for gate in GATES[1:]:
            if not applied:
                why = (
                    "the patch does not apply"
                    if results["apply"].status == "fail"
                    else "the apply gate could not decide"
                )
                results[gate] = skipped(why)
            elif gate == "overlap" and change.human is None:
                results[gate] = skipped("the case has no human side")
            else:
                results[gate] = self._run(gate, change)
        return results

    def _run(self, gate: Gate, change: Change) -> GateResult:
        rules = [rule for rule in self.rules if rule.gate == gate]
        if not rules:
            return skipped("this version has no rule for this gate")
        findings: list[Finding] = []
        errors: list[Finding] = []
        facts: dict[str, object] = {}
        for rule in rules:
            try:
                findings += [to_finding(hit, rule.code, rule.severity) for hit in rule.check(change)]
                facts |= rule.facts(change) if rule.facts else {}
            except CannotCheck as error:
                errors.append(cannot_check(rule.code, str(error)))
            except Exception as error:  # noqa: BLE001 - a rule's own failure is an error, never the patch's
                errors.append(cannot_check(f"{rule.code}-crashed", f"{type(error).__name__}: {error}"))
        return conclude([*findings, *errors], facts)

    def _prepare(self, case: Case) -> PreparedCase:
        if case.repo is None:
            advice = f"--repo {case.repo_name}=PATH" if case.repo_name else "--repo PATH"
            raise CaseError(
                f"case {case.id!r}: no repository; give {advice}, or `repo` in {case.origin or 'case.toml'}"
            )
        if not case.repo.is_dir():
            raise CaseError(
                f"case {case.id!r}: repository {str(case.repo)!r} is not a directory; "
                f"give --repo PATH or --repo {case.repo_name or 'NAME'}=PATH"
            )
        repository = self._repository(case.repo)
        if repository is None and case.base is not None:
            raise CaseError(
                f"case {case.id!r}: {str(case.repo)!r} is no git repository, so it has no base {case.base!r}; "
                "leave `base` out to grade against the directory as it is"
            )
        if repository is not None and case.base is None:
            raise CaseError(
                f"case {case.id!r}: no base revision; give --base REV, or `base` in {case.origin or 'case.toml'}"
            )
        try:
            return self._open_trees(case, repository)
        except (RepositoryError, GitError) as error:
            raise CaseError(f"case {case.id!r}: {error}") from error

    def _repository(self, path: Path) -> Repository | None:
        if path not in self._repositories:
            self._repositories[path] = Repository.open(path)
        return self._repositories[path]

    def _open_trees(self, case: Case, repository: Repository | None) -> PreparedCase:
        assert case.repo is not None
        scratch = self._scratches.get(case.repo)
        if scratch is None:
            scratch = self._scratches[case.repo] = ScratchRepository(repository)
        if repository is None:
            base: SourceTree = DirectoryTree(scratch, case.repo)
            sources = BaseSources(base)
            human = self._human(case, scratch, sources, None)
            return PreparedCase(case=case, scratch=scratch, base=base, base_commit=None, human=human, sources=sources)
        assert case.base is not None
        commit = _commit(repository, scratch, case.base)
        base = GitTree(scratch, commit)
        sources = BaseSources(base)
        human = self._human(case, scratch, sources, (repository, commit))
        return PreparedCase(case=case, scratch=scratch, base=base, base_commit=commit, human=human, sources=sources)

    def _human(
        self, case: Case, scratch: ScratchRepository, sources: BaseSources, history: tuple[Repository, str] | None
    ) -> HumanSide | None:
        data = _human_diff(case, scratch, history)
        if data is None:
            return None
        application = apply_patch(scratch, sources.base, data)
        if not isinstance(application, Applied):
            raise CaseError(
                f"case {case.id!r}: the human diff does not apply to the base ({_why(application)}); "
                f"correct `base` or `human` in {case.origin or 'the arguments'}"
            )
        return HumanSide(patch=application.patch, after=application.after, files=sources.touched(application))


def _human_diff(case: Case, scratch: ScratchRepository, history: tuple[Repository, str] | None) -> bytes | None:
    human = case.human
    if human is None or isinstance(human, bytes):
        return human
    if isinstance(human, Path):
        try:
            return human.read_bytes()
        except OSError as error:
            raise CaseError(f"case {case.id!r}: human diff {str(human)!r} cannot be read ({error.strerror})") from error
    if history is None:
        raise CaseError(f"case {case.id!r}: human {human!r} is no diff file, and a plain directory has no revisions")
    repository, base = history
    return repository.diff(base, _commit(repository, scratch, human))


def _commit(repository: Repository, scratch: ScratchRepository, revision: str) -> str:
    """Return the full id of a commit; a full id is looked up in the open reader, without a process."""
    full = len(revision) in (40, 64) and set(revision) <= set("0123456789abcdef")
    stored = scratch.read(revision) if full else None
    return revision if stored is not None and stored.type == "commit" else repository.resolve(revision)


def _why(application: Application) -> str:
    misfits = getattr(application, "misfits", ())
    return f"{misfits[0].path}: {misfits[0].why}" if misfits else getattr(application, "why", "")


def _inside(repo: Path | None, file: Path | None) -> str | None:
    """The POSIX path of `file` inside `repo`, None when it lies elsewhere."""
    if repo is None or file is None or not file.resolve().is_relative_to(repo.resolve()):
        return None
    return PurePosixPath(file.resolve().relative_to(repo.resolve())).as_posix()
