"""What changed between two audits: runs new and gone, verdicts from and to, findings new and gone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from judge.auditing.collecting.accumulator import Table
from judge.errors import UsageError

_LISTED = 500


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What an audit's folder says: verdict and level of each run, and the runs of each finding.

    Attributes:
        findings: by code and message; the message tells apart findings of one kind.
        concerned: runs of all findings of a kind, by code.
    """

    verdicts: Mapping[str, tuple[str, int]]
    findings: Mapping[tuple[str, str], int]
    concerned: Mapping[str, frozenset[str]]


@dataclass(kw_only=True)
class Changes:
    """What two audits do not have in common."""

    before: int = 0
    after: int = 0
    new: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    changed: list[tuple[str, str, str]] = field(default_factory=list)
    findings: list[tuple[str, int, int, int, int]] = field(default_factory=list)

    @property
    def none(self) -> bool:
        """Whether nothing changed."""
        return not (self.new or self.gone or self.changed or self.findings)


def is_audit(folder: Path) -> bool:
    """Whether a folder holds the results of an audit."""
    return (folder / "audit.json").is_file() and (folder / "verdicts.jsonl").is_file()


def load(folder: Path) -> Snapshot:
    """Read the results of an audit.

    Raises:
        UsageError: the folder does not hold any, or they cannot be read.
    """
    if not is_audit(folder):
        raise UsageError(f"{folder}: no audit in there; give the --out folder of one (audit.json, verdicts.jsonl)")
    try:
        audit = json.loads((folder / "audit.json").read_bytes())
        findings = Counter[tuple[str, str]]()
        concerned: dict[str, set[str]] = {}
        for finding in audit["findings"]:
            findings[(finding["code"], finding["message"])] += finding["count"]
            concerned.setdefault(finding["code"], set()).update(finding["runs"])
        return Snapshot(
            verdicts=dict(_verdicts(folder / "verdicts.jsonl")),
            findings=findings,
            concerned={code: frozenset(runs) for code, runs in concerned.items()},
        )
    except OSError as error:
        raise UsageError(f"{error.filename}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"{folder}: not the results of an audit ({type(error).__name__}: {error})") from error


def _verdicts(path: Path) -> Iterator[tuple[str, tuple[str, int]]]:
    with path.open("rb") as lines:
        for line in lines:
            record: dict[str, Any] = json.loads(line)
            yield record["id"], (record["verdict"], record["level"])


def compare(before: Snapshot, after: Snapshot) -> Changes:
    """Return what changed from one audit to the other."""
    old, new = before.verdicts, after.verdicts
    changes = Changes(
        before=len(old),
        after=len(new),
        new=sorted(new.keys() - old.keys()),
        gone=sorted(old.keys() - new.keys()),
        changed=[
            (run, _word(old[run]), _word(new[run])) for run in sorted(old.keys() & new.keys()) if old[run] != new[run]
        ],
    )
    for code in sorted(before.concerned.keys() | after.concerned.keys()):
        was, now = before.concerned.get(code, frozenset()), after.concerned.get(code, frozenset())
        said_before = {message for of, message in before.findings if of == code}
        said_now = {message for of, message in after.findings if of == code}
        if was != now or said_before != said_now:
            changes.findings.append((code, len(was), len(now), len(now - was), len(was - now)))
    return changes


def tables(changes: Changes) -> Sequence[Table]:
    """Return the changes as tables."""
    moves = Counter((was, now) for _, was, now in changes.changed)
    summary: list[tuple[str | int | float | None, ...]] = [
        ("runs before", changes.before),
        ("runs after", changes.after),
        ("new runs", len(changes.new)),
        ("gone runs", len(changes.gone)),
        ("runs with another verdict", len(changes.changed)),
        ("kinds of findings that changed", len(changes.findings)),
    ]
    runs = [(run, was, now) for run, was, now in changes.changed]
    runs += [(run, "-", "new") for run in changes.new] + [(run, "gone", "-") for run in changes.gone]
    return [
        Table(name="changes", title="What changed", columns=("what", "count"), rows=summary),
        Table(
            name="changed-verdicts",
            title="Verdicts, from and to",
            columns=("from", "to", "runs"),
            rows=[(was, now, count) for (was, now), count in sorted(moves.items(), key=lambda item: (-item[1], item))],
        ),
        Table(
            name="changed-findings",
            title="Findings that changed",
            columns=("finding", "runs before", "runs after", "new", "gone", "what changed"),
            rows=[(*row, "its runs" if row[3] or row[4] else "what it says") for row in changes.findings],
        ),
        Table(
            name="changed-runs",
            title="Runs that changed",
            columns=("run", "from", "to"),
            rows=runs[:_LISTED],
            note=f"{len(runs) - _LISTED} more are not listed." if len(runs) > _LISTED else "",
        ),
    ]


def _word(verdict: tuple[str, int]) -> str:
    return f"{verdict[0]} (level {verdict[1]})"
