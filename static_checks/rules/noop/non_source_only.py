"""Rule noop-non-source-only."""

from collections.abc import Iterable

from judge.static_checks.change.change import Change
from judge.static_checks.change.effects import patch_effect
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule
from judge.static_checks.source.paths import is_benchmark, is_ci, is_test


def check(change: Change) -> Iterable[Hit]:
    """Find a patch that touches documentation and left-behind files only, or nothing but tests besides."""
    if change.once(patch_effect) == "aside":
        yield Hit(f"no source file is changed, only {_names([file.path for file in change.files])}")
        return
    beside = [file.path for file in change.files if is_test(file.path) or is_benchmark(file.path) or is_ci(file.path)]
    if beside and len(beside) == len(change.files):
        yield Hit(f"only tests, benchmarks or their set-up change: {_names(beside)}", severity="warn")


def _names(paths: list[str]) -> str:
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return ", ".join(paths[:3]) + more


RULE = Rule(
    code="noop-non-source-only",
    gate="noop",
    summary="No source file changes: only documentation, or files left behind by a tool.",
    why="Documentation, logs and scratch scripts that nothing imports cannot make the program faster. "
    "Configuration (JSON, YAML, TOML, requirements, Dockerfile) counts as source: real commits tune it. "
    "A patch of tests and benchmarks only is a warning.",
    severity="block",
    bad=Example(
        before={"a.py": "x = 1\n", "README.md": "one\n"},
        after={"README.md": "two\n", "test_opt.py": "import a\n\nprint(a.x)\n"},
    ),
    good=Example(
        before={"tuned.json": '{"block": 32}\n'}, after={"tuned.json": '{"block": 64}\n', "README.md": "two\n"}
    ),
    check=check,
)
