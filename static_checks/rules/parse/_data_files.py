"""What the rules for JSON, TOML and YAML share: only errors that the patch brings count."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from judge.static_checks.change.change import Change
from judge.static_checks.model.finding import Hit
from judge.static_checks.source.paths import Language


def new_faults(change: Change, language: Language, parse: Callable[[bytes], None]) -> Iterator[Hit]:
    """Yield a hit for each touched file of `language` that `parse` refuses after the patch, but not before."""
    for file in change.files:
        if file.language != language or file.after is None or file.after == file.before or file.change.binary:
            continue
        fault = _fault(parse, file.after)
        if fault is not None:
            known = file.before is not None and _fault(parse, file.before) is not None
            before = ", and did not before" if known else ""
            yield Hit(f"does not parse{before}: {fault}", file.path, severity="info" if known else None)


def _fault(parse: Callable[[bytes], None], content: bytes) -> str | None:
    try:
        parse(content)
    except Exception as error:  # noqa: BLE001 - parsers raise types of their own; any of them is a refusal
        return " ".join(str(error).split()) or type(error).__name__
    return None
