"""Runs the gates over one candidate: apply first, the others on the applied tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from judge.static_checks.application import Application, Applied, apply_patch
from judge.static_checks.case import Case
from judge.static_checks.change import Change, HumanSide, TouchedFile
from judge.static_checks.discovery import all_rules
from judge.static_checks.finding import GATES, Fault, Finding, Gate, GateResult, conclude, skipped, to_finding
from judge.static_checks.git import GitError, Repository, RepositoryError, ScratchRepository
from judge.static_checks.origin import Origin, UnknownOrigin, find_origin
from judge.static_checks.parser_host import ParserHost
from judge.static_checks.rule import CannotCheck, Rule
from judge.static_checks.tree import DirectoryTree, GitTree, SourceTree


class CaseError(ValueError):
    """A case cannot be graded at all; the message names the case, the thing and the next step."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What all candidates of a case share: the base tree and the human side applied to it."""

    case: Case
    scratch: ScratchRepository
    base: SourceTree
    base_commit: str | None
    human: HumanSide | None


class Checker:
    """Runs every rule over candidates; keeps repositories, the last case and the parser open between them.

    Use it as a context manager, or call `close`.
    """

    def __init__(self, rules: Sequence[Rule] | None = None) -> None:
        """Use `rules`, or all there are."""
        self.rules = tuple(rules) if rules is not None else all_rules()
        self.parsers = ParserHost()
        self._scratches: dict[Path, ScratchRepository] = {}
        self._ground: Ground | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the child processes and delete the scratch repositories."""
        self.parsers.close()
        for scratch in self._scratches.values():
            scratch.close()
        self._scratches.clear()
        self._ground = None

    def ground(self, case: Case) -> Ground:
        """Open the base and the human side of a case; the last one is kept.

        Raises:
            CaseError: the repository, the base or the human side cannot be used.
        """
        if self._ground is None or self._ground.case != case:
            self._ground = self._open(case)
        return self._ground

    def change(self, case: Case, raw: bytes, *, twins: Sequence[str] = ()) -> Change:
        """Apply one patch and return all that the rules may look at.

        Raises:
            CaseError: see `ground`.
            GitError: git could not do its work.
        """
        ground = self.ground(case)
        application = apply_patch(ground.scratch, ground.base, raw)

        def origin() -> Origin | UnknownOrigin | None:
            patch = getattr(application, "patch", None)
            if patch is None or ground.base_commit is None:
                return None
            return find_origin(ground.scratch, ground.base_commit, patch)

        return Change(
            raw=raw,
            application=application,
            find_origin=origin,
            base=ground.base,
            files=_touched(ground.base, application),
            human=ground.human,
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
            results["apply"] = conclude((), [Fault(code="apply-unexplained", message=_why(change.application))])
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
        faults: list[Fault] = []
        facts: dict[str, object] = {}
        for rule in rules:
            try:
                findings += [to_finding(hit, rule.code, rule.severity) for hit in rule.check(change)]
                facts |= rule.facts(change) if rule.facts else {}
            except CannotCheck as error:
                faults.append(Fault(code=rule.code, message=str(error)))
            except Exception as error:  # noqa: BLE001 - a rule's own failure is an error, never the patch's
                faults.append(Fault(code=f"{rule.code}-crashed", message=f"{type(error).__name__}: {error}"))
        return conclude(findings, faults, facts)

    def _open(self, case: Case) -> Ground:
        if case.repo is None:
            raise CaseError(
                f"case {case.id!r}: no repository; give --repo PATH, or `repo` in {case.origin or 'case.toml'}"
            )
        if not case.repo.is_dir():
            raise CaseError(
                f"case {case.id!r}: repository {str(case.repo)!r} is not a directory; correct `repo` or --repo"
            )
        repository = Repository.open(case.repo)
        if repository is None and case.base is not None:
            raise CaseError(
                f"case {case.id!r}: {str(case.repo)!r} is no git repository, so it has no base {case.base!r}; leave `base` out to grade against the directory as it is"
            )
        if repository is not None and case.base is None:
            raise CaseError(
                f"case {case.id!r}: no base revision; give --base REV, or `base` in {case.origin or 'case.toml'}"
            )
        try:
            return self._grounded(case, repository)
        except (RepositoryError, GitError) as error:
            raise CaseError(f"case {case.id!r}: {error}") from error

    def _grounded(self, case: Case, repository: Repository | None) -> Ground:
        assert case.repo is not None
        scratch = self._scratches.get(case.repo)
        if scratch is None:
            scratch = self._scratches[case.repo] = ScratchRepository(repository)
        if repository is None:
            return Ground(case=case, scratch=scratch, base=DirectoryTree(scratch, case.repo), base_commit=None,
                          human=self._human(case, scratch, DirectoryTree(scratch, case.repo), None))  # fmt: skip
        assert case.base is not None
        commit = repository.resolve(case.base)
        base = GitTree(scratch, commit)
        human = self._human(case, scratch, base, (repository, commit))
        return Ground(case=case, scratch=scratch, base=base, base_commit=commit, human=human)

    def _human(
        self, case: Case, scratch: ScratchRepository, base: SourceTree, history: tuple[Repository, str] | None
    ) -> HumanSide | None:
        data = _human_diff(case, history)
        if data is None:
            return None
        application = apply_patch(scratch, base, data)
        if not isinstance(application, Applied):
            raise CaseError(
                f"case {case.id!r}: the human diff does not apply to the base ({_why(application)}); correct `base` or `human` in {case.origin or 'the arguments'}"
            )
        return HumanSide(patch=application.patch, after=application.after, files=_touched(base, application))


def _human_diff(case: Case, history: tuple[Repository, str] | None) -> bytes | None:
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
    return repository.diff(base, repository.resolve(human))


def _why(application: Application) -> str:
    misfits = getattr(application, "misfits", ())
    return f"{misfits[0].path}: {misfits[0].why}" if misfits else getattr(application, "why", "")


def _touched(base: SourceTree, application: Application) -> tuple[TouchedFile, ...]:
    if not isinstance(application, Applied):
        return ()
    return tuple(
        TouchedFile(
            change=file,
            before=base.read(file.old_path) if file.old_path is not None else None,
            after=application.after.read(file.new_path) if file.new_path is not None else None,
        )
        for file in application.patch.files
    )


def _inside(repo: Path | None, file: Path | None) -> str | None:
    """The POSIX path of `file` inside `repo`, None when it lies elsewhere."""
    if repo is None or file is None or not file.resolve().is_relative_to(repo.resolve()):
        return None
    return PurePosixPath(file.resolve().relative_to(repo.resolve())).as_posix()
