"""Touched files made of texts, without a repository, for the pure comparisons."""

from __future__ import annotations

from collections.abc import Mapping

from judge.static_checks.change.change import TouchedFile
from judge.static_checks.patch.parse import parse_patch
from judge.static_checks.rule import make_diff


def touched(
    before: Mapping[str, str], after: Mapping[str, str | None], *, patch: str | None = None
) -> tuple[TouchedFile, ...]:
    """Return the files that a patch from `before` to `after` touches; `patch` says it where a diff by path cannot."""
    text = make_diff(before, after) if patch is None else patch
    old = {path: content.encode() for path, content in before.items()}
    new = {path: content.encode() if content is not None else None for path, content in after.items()}
    return tuple(
        TouchedFile(
            change=file,
            before=old.get(file.old_path) if file.old_path else None,
            after=new.get(file.new_path, old.get(file.new_path)) if file.new_path else None,
        )
        for file in (parse_patch(text.encode()).files if text else ())
    )
