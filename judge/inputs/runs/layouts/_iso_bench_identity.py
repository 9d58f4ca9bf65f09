"""How ISO-Bench names its runs: the folder says what repository, agent, model, time and item a run is of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from judge.inputs.runs.recorded_values import printable, section, text

_TIMED = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\w*|[0-9a-f]{8}")


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Which run a folder is of; what the path does not say is None."""

    key: str
    repo: str | None
    agent: str | None
    model: str | None
    run: str | None
    item: str


def identify(folder: str) -> Identity:
    """Read the identity off an absolute path: `.../REPO/AGENT/MODEL/TIME/ITEM`, or `.../RUN/ITEM` of older runs."""
    parts = [part for part in printable(folder).split("/") if part][-5:]
    if "runs" in parts[:-2]:
        parts = parts[len(parts) - parts[::-1].index("runs") :]
    if len(parts) == 5 and _TIMED.fullmatch(parts[3]):
        repo, agent, model, run, item = parts
        return Identity(key="/".join(parts), repo=repo, agent=agent, model=model, run=run, item=item)
    parts = parts if "runs" in folder.split("/") else parts[-2:]
    run_id = parts[-2] if len(parts) > 1 else None
    return Identity(key="/".join(parts), repo=None, agent=None, model=None, run=run_id, item=parts[-1])


def identify_patch(patch_path: object) -> Identity | None:
    """Return the run whose patch file is named, on whatever machine that was."""
    path = text(patch_path, 4096) or ""
    folder, slash, name = path.rpartition("/")
    return identify(folder) if slash and name and "/" in folder else None


def facts(record: Mapping[str, Any], *sections: str) -> dict[str, object]:
    """Return single values of some sections as flat facts, SECTION.KEY."""
    flat: dict[str, object] = {}
    for name in sections:
        for key, value in section(record, name).items():
            if isinstance(value, str | int | float) and value != "":
                flat[f"{name}.{key}"] = text(value, 300) if isinstance(value, str) else value
    return flat
