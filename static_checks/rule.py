"""What a rule is: one file with its code, its reasons, a bad and a good example, and a check."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from judge.static_checks.change.change import Change
from judge.static_checks.model.finding import Gate, Hit, Severity

_Subject = TypeVar("_Subject")
_Hit = TypeVar("_Hit")
_Example = TypeVar("_Example")


class CannotCheck(Exception):
    """A rule could not decide; its gate becomes `error`, never `fail` and never `pass`."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """A small case for a rule: it is its documentation and its test.

    Attributes:
        before: the files of the base, by path.
        after: the files the patch writes, None for a deleted one; the diff is made from these.
        patch: the patch text itself, for rules about the text; wins over `after`.
        human: the files the human commit writes.
        benchmark: path of the case's benchmark inside the tree.
        twins: other cases that were given the same patch text.
        committed: the base is a commit of a git repository, not a plain directory.
    """

    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str | None] = field(default_factory=dict)
    patch: str | bytes | None = None
    human: Mapping[str, str | None] = field(default_factory=dict)
    benchmark: str | None = None
    twins: tuple[str, ...] = ()
    committed: bool = False

    @property
    def patch_bytes(self) -> bytes:
        """The patch text of the example."""
        if self.patch is None:
            return make_diff(self.before, self.after).encode()
        return self.patch.encode() if isinstance(self.patch, str) else self.patch


@dataclass(frozen=True, kw_only=True)
class DocumentedRule(Generic[_Subject, _Hit, _Example]):
    """What every rule has, whatever it reads; its code follows from the file it lives in.

    Attributes:
        summary: one line: what the rule looks for.
        why: why it matters, and what an honest author does about it.
        bad: what the rule speaks of.
        good: its honest twin, of which the rule is silent.
        check: yields hits.
    """

    code: str
    summary: str
    why: str
    bad: _Example
    good: _Example
    check: Callable[[_Subject], Iterable[_Hit]]


@dataclass(frozen=True, kw_only=True)
class Rule(DocumentedRule[Change, Hit, Example]):
    """One rule of a gate; its code is GATE-NAME, after the folder and file it lives in.

    Its check may raise `CannotCheck`.

    Attributes:
        severity: what its findings do: `block` fails the gate, `warn` and `info` are evidence.
        facts: further evidence for reports and the judge, merged into the gate's facts.
    """

    gate: Gate
    severity: Severity
    facts: Callable[[Change], Mapping[str, object]] | None = None


def make_diff(before: Mapping[str, str], after: Mapping[str, str | None]) -> str:
    """Return a git-style diff from `before` to `before` with `after` laid over it."""
    return "".join(_file_diff(path, before.get(path), text) for path, text in after.items() if before.get(path) != text)


def _file_diff(path: str, old: str | None, new: str | None) -> str:
    head = f"diff --git a/{path} b/{path}\n"
    head += "new file mode 100644\n" if old is None else "deleted file mode 100644\n" if new is None else ""
    body = difflib.unified_diff(
        (old or "").splitlines(keepends=True),
        (new or "").splitlines(keepends=True),
        f"a/{path}" if old is not None else "/dev/null",
        f"b/{path}" if new is not None else "/dev/null",
    )
    return head + "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in body)
