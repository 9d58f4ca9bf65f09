"""What a patch as a whole can do: one word for each file, and the strongest of them for the patch."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Literal

from judge.static_checks.change.change import Change, TouchedFile
from judge.static_checks.repo.tree import SUBMODULE, SYMLINK
from judge.static_checks.source.paths import is_debris, is_prose

Effect = Literal["empty", "aside", "comments", "logging", "code"]
"""From nothing at all, through files beside the program, to a change of what it does (or: not known)."""

_ORDER: tuple[Effect, ...] = ("empty", "aside", "comments", "logging", "code")
_PATCH = (".diff", ".patch")
_BUILD = ("build", "dist")
_SCRATCH = re.compile(
    r"(?:test|tests|bench|benchmark|debug|demo|check|verify|validate|profile|perf|scratch|tmp|temp|repro|reproduce|"
    r"example|quick|simple|run|analy[sz]e|compare|optimi[sz]e|opt|patch|fix|apply)(?:[_\-.]\w[\w\-.]*|\d*)",
    re.IGNORECASE,
)
_HOOKS = frozenset({"conftest", "setup", "sitecustomize", "usercustomize", "noxfile", "tasks", "fabfile", "manage"})


def patch_effect(change: Change) -> Effect:
    """Return the strongest effect of any file; call it through `Change.once`, which keeps the answer."""
    strongest: Effect = "empty"
    for file in change.files:
        effect = file_effect(change, file)
        if effect == "code":
            return effect
        strongest = max(strongest, effect, key=_ORDER.index)
    return strongest


def file_effect(change: Change, file: TouchedFile) -> Effect:
    """Return what the change of one file can do; `code` where that cannot be told."""
    if _is_read_by_people(file) or is_left_behind(change, file) or file.path in change.once(scratch_files):
        return "aside"
    file_change = file.change
    modes = {file_change.old_mode, file_change.new_mode}
    if file_change.status in ("renamed", "copied") or SUBMODULE in modes or SYMLINK in modes:
        return "code"
    if (file.before or b"") == (file.after or b""):
        return "empty"
    effects: dict[str, Effect] = {"none": "comments", "logging": "logging", "more": "code"}
    return effects[file.code_change]


def is_left_behind(change: Change, file: TouchedFile) -> bool:
    """Whether the patch adds a file that a tool or an agent left in the tree: a patch, a log, a backup, a build."""
    if file.before is not None or not is_debris(file.path):
        return False
    path = PurePosixPath(file.path)
    if path.suffix.lower() in _PATCH:
        return len(path.parts) == 1  # further down, a build may apply it
    # A project that keeps sources in a folder named `build` has it in its tree.
    return not (path.parts[0] in _BUILD and change.base.entry(path.parts[0]) is not None)


def scratch_files(change: Change) -> frozenset[str]:
    """Return the scripts added at the top of the tree that no Python file mentions.

    Call it through `Change.once`, which keeps the answer: it searches the whole tree.
    """
    scripts = {PurePosixPath(file.path).stem: file.path for file in change.files if _may_be_scratch(file)}
    if not scripts:
        return frozenset()
    known = change.after.mentions(scripts, outside=frozenset(scripts.values()))
    return frozenset(path for stem, path in scripts.items() if stem not in known)


def _may_be_scratch(file: TouchedFile) -> bool:
    path = PurePosixPath(file.path)
    at_top = file.before is None and len(path.parts) == 1 and path.suffix in (".py", ".sh")
    return at_top and path.stem not in _HOOKS and bool(_SCRATCH.fullmatch(path.stem))


def _is_read_by_people(file: TouchedFile) -> bool:
    path = PurePosixPath(file.path)
    if path.suffix.lower() != ".txt":
        return is_prose(file.path)
    # Elsewhere a text file may be data that the program reads.
    notes = file.before is None and len(path.parts) == 1
    return is_prose(file.path) and (notes or path.parts[0] in ("doc", "docs"))
