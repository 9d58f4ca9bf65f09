"""The only module that knows the order of an audit: read, join, regrade, sum up, write."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import Accumulator, AuditFinding
from judge.auditing.collecting.finding_kind import FindingKind, all_kinds
from judge.auditing.commit_names import CommitNames
from judge.auditing.context import Context, Expectation, HumanDiffs
from judge.auditing.output.audit_files import Decisions, write_outputs
from judge.auditing.output.corrected_copies import Corrector
from judge.auditing.regrading.regrade import Regrader, task_of
from judge.auditing.result import AuditResult
from judge.auditing.stores.record_store import RecordStore
from judge.auditing.stores.run_spool import Spool
from judge.auditing.tables import all_tables
from judge.core.verdict import CATEGORIES
from judge.errors import InputError
from judge.inputs.runs.discovery import AUTO, discover
from judge.inputs.runs.join import join
from judge.inputs.runs.judgement_file import JudgementIndex, read_recorded_judgements, read_scope
from judge.inputs.runs.recorded_run import RecordedRun, Unread
from judge.results.keys import measure_patch
from judge.static_checks.model.case import MAX_PATCH_BYTES

Stage = Literal["reading", "grading", "summing up"]
Progress = Callable[[Stage, int, int | None, str], None]
"""Called with a stage, how many runs it has done, how many there are, if that is known, and the one just done."""

_HUMAN_FOLDER = "human"


@dataclass(frozen=True, kw_only=True)
class AuditOptions:
    """How to audit.

    Attributes:
        repos: repositories by name, for the static gates; the name "" serves runs that name none.
        layout: the layout to read with, or `auto`.
        judgements: a file of recorded judgements, matched to the runs by commit and size of the patch.
        expect: what configuration files are said to hold.
        out: folder for the results; None keeps nothing but what `audit` returns.
        write_corrected: folder for corrected copies of the harness's own result files.
        jobs: worker processes for the gates.
    """

    repos: Mapping[str, Path] = field(default_factory=dict)
    layout: str = AUTO
    judgements: Path | None = None
    expect: tuple[Expectation, ...] = ()
    out: Path | None = None
    write_corrected: Path | None = None
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)


def audit(
    paths: Sequence[Path | str], options: AuditOptions | None = None, *, progress: Progress | None = None
) -> AuditResult:
    """Audit all runs described under `paths`; memory does not grow with their number.

    Raises:
        InputError: a path holds no runs of a known layout, or of several.
        UsageError: the options make no sense.
        OutputError: the output folder cannot be used.
    """
    options = options or AuditOptions()
    roots = tuple(Path(path) for path in paths)
    corrector = Corrector(roots, options.write_corrected) if options.write_corrected else None
    judgements = JudgementIndex(read_recorded_judgements(options.judgements) if options.judgements else ())
    progress = progress or (lambda stage, done, total, name: None)
    with ExitStack() as stack:
        spool = stack.enter_context(Spool())
        out = options.out or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="judge-audit-")))
        store = stack.enter_context(RecordStore(out, spool))
        human_store = stack.enter_context(RecordStore(out / _HUMAN_FOLDER, spool))
        unread = _describe(roots, options.layout, spool, progress)
        count = _join(spool, CommitNames(spool, options.repos), judgements)
        if count == 0 and not unread:
            named = options.layout != AUTO
            forced = f" that --layout {options.layout} can read; leave it out to have the layout found" if named else ""
            raise InputError(f"{', '.join(map(str, roots))}: no run in there{forced}")
        regrader = Regrader(spool, store, human_store, repos=options.repos, jobs=options.jobs)
        regraded = regrader.regrade(lambda done, name: progress("grading", done, count, name))
        context = Context(
            roots=roots,
            repos=options.repos,
            expect=options.expect,
            judgements=judgements.all,
            judged=read_scope(options.judgements) if options.judgements else None,
            unread=tuple(unread),
            human_diff=HumanDiffs(options.repos),
            humans=regraded.humans,
        )
        kinds = [_Guarded(kind, context) for kind in all_kinds()]
        tables = [file.collect(context) for file in all_tables()]
        decisions = stack.enter_context(Decisions())
        for spooled in spool.runs():
            audited, record = regrader.audited(spooled)
            for kind in kinds:
                kind.add(audited)
            for table in tables:
                table.add(audited)
            decisions.add(record)
            if corrector:
                corrector.write(audited)
            progress("summing up", spooled.number + 1, count, spooled.run.id)
        store.arrange(spool.keys())
        human_store.arrange(key for _, key in sorted(regraded.humans.keys.items()))
        findings = [finding for kind in kinds for finding in kind.result()]
        result = AuditResult(
            runs=count,
            verdicts={category: decisions.verdicts[category] for category in CATEGORIES},
            tables=tuple(table for gatherer in tables for table in gatherer.result()),
            findings=tuple(sorted(findings, key=_weight)),
            unread=tuple(unread),
            ungraded=decisions.ungraded,
            unchecked=tuple(kind.code for kind in kinds if kind.failed),
            resumed=regraded.resumed,
            corrected=corrector.written if corrector else None,
            changed=corrector.changed if corrector else 0,
            without_repository=regraded.without_repository,
        )
        if options.out:
            write_outputs(options.out, result, decisions, spool.names)
    return result


class _Guarded:
    """A kind of finding whose own failure, on whatever a tree of runs holds, is a finding and not the audit's end."""

    def __init__(self, kind: FindingKind, context: Context) -> None:
        self.code = kind.code
        self.failed = ""
        self._gatherer: Accumulator[Sequence[AuditFinding]] | None = None
        with self._guard():
            self._gatherer = kind.collect(context)

    def add(self, audited: AuditedRun) -> None:
        if self._gatherer is not None and not self.failed:
            with self._guard(audited.run.id):
                self._gatherer.add(audited)

    def result(self) -> Sequence[AuditFinding]:
        findings: Sequence[AuditFinding] = ()
        if self._gatherer is not None and not self.failed:
            with self._guard():
                findings = self._gatherer.result()
        return findings if not self.failed else (self._unchecked(),)

    def _unchecked(self) -> AuditFinding:
        return AuditFinding(
            code=self.code,
            severity="warn",
            title="This kind of finding could not be checked",
            message=f"the check failed itself, so nothing is known: {self.failed}",
            mend="Report it with the run that is named.",
        )

    @contextmanager
    def _guard(self, place: str = "") -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the check's own failure, never the audit's end
            self.failed = f"{f'{place}: ' if place else ''}{type(error).__name__}: {error}"


def _describe(roots: Sequence[Path], layout: str, spool: Spool, progress: Progress) -> list[Unread]:
    """Put what the readers say into the spool; return what could not be read."""
    unread: list[Unread] = []
    described = 0
    for root in roots:
        for reader in discover(root, layout):
            for description in reader.read(root):
                if isinstance(description, Unread):
                    unread.append(description)
                else:
                    spool.describe(description)
                    described += 1
                    progress("reading", described, None, description.id)
    return list(dict.fromkeys(unread))  # two layouts that walk one folder say the same of it


def _join(spool: Spool, commits: CommitNames, judgements: JudgementIndex) -> int:
    """Join the descriptions of each run, read its patch once, and find the judgements on it."""
    for descriptions in spool.descriptions():
        run = commits.complete(join(descriptions))
        content = _content(run)
        if content is None:
            state = "unreadable" if run.patch is not None else run.patch_state
            spool.add(replace(run, patch_state=state), task=task_of(run), text=None)
            continue
        text = measure_patch(content)
        run = replace(
            run,
            patch_state="yes" if content.strip() else "empty",
            judgements=(
                *run.judgements,
                *(judgements.find(run.human, size_bytes=text.bytes, size_chars=text.chars) if content.strip() else ()),
            ),
        )
        spool.add(run, task=task_of(run), text=text)
    return spool.settle()


def _content(run: RecordedRun) -> bytes | None:
    """Return a run's patch, None if there is none or it cannot be read."""
    if not isinstance(run.patch, Path):
        return run.patch
    try:
        return run.patch.read_bytes() if run.patch.stat().st_size <= MAX_PATCH_BYTES else None
    except OSError:
        return None


def _weight(finding: AuditFinding) -> tuple[int, int, str]:
    order = {"block": 0, "warn": 1, "info": 2}
    return order[finding.severity], -len(finding.runs), finding.code
