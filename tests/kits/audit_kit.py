"""Runs the kinds of findings over examples: their files are written, and their runs given in order of number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.accumulator import AuditFinding
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind
from judge.auditing.context import Context, Expectation


def findings_of(
    kind: FindingKind, runs: Iterable[AuditedRun], context: Context | None = None
) -> Sequence[AuditFinding]:
    """Show runs to a kind and return what it finds."""
    collector = kind.collect(context or Context())
    for audited in runs:
        collector.add(audited)
    return collector.result()


def findings_of_example(kind: FindingKind, example: FindingExample, folder: Path) -> Sequence[AuditFinding]:
    """Write an example's files below `folder` and return what its kind finds."""
    for name, text in example.files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    context = Context(
        roots=(folder,),
        expect=tuple(Expectation(file=folder / file, path=path, value=value) for file, path, value in example.expect),
        judgements=example.judgements,
        unread=example.unread,
        human_diff=lambda run: example.human.encode() or None,
    )
    return findings_of(kind, (_placed(audited, folder) for audited in example.runs), context)


def _placed(audited: AuditedRun, folder: Path) -> AuditedRun:
    """Return an example's run with its paths below `folder`."""
    run = audited.run
    return replace(
        audited,
        run=replace(
            run,
            logs=tuple(folder / log for log in run.logs),
            task_text=folder / run.task_text if run.task_text is not None else None,
        ),
    )
