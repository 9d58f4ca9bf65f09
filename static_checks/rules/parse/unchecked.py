"""Rule parse-unchecked."""

from collections.abc import Iterable

from judge.static_checks.change.change import Change
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule
from judge.static_checks.source.paths import is_source

_PARSED = frozenset({"python", "json", "toml", "yaml"})


def check(change: Change) -> Iterable[Hit]:
    """Name the touched source files that no parser here can check."""
    for file in change.files:
        if file.after is not None and is_source(file.path) and (file.change.binary or file.language not in _PARSED):
            kind = "binary" if file.change.binary else "no parser for this kind of file"
            yield Hit(f"not checked: {kind}", path=file.path)


RULE = Rule(
    code="parse-unchecked",
    gate="parse",
    summary="A touched source file is of a kind that is not parsed.",
    why="C, C++, CUDA and binary files pass this gate unread. A checker that could not check says so.",
    severity="info",
    bad=Example(before={"k.cu": "int x = 1;\n"}, after={"k.cu": "int x = 2;\n"}),
    good=Example(before={"k.md": "one\n"}, after={"k.md": "two\n"}),
    check=check,
)
