"""Finding config-drift."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from judge.auditing.audited_run import AuditedRun
from judge.auditing.collecting.collectors import cut
from judge.auditing.collecting.config_file import CannotRead, read_config
from judge.auditing.collecting.finding_kind import FindingExample, FindingKind, Observation
from judge.auditing.context import Context, Expectation


class _Collector:
    def __init__(self, context: Context) -> None:
        self.expect = context.expect

    def add(self, audited: AuditedRun) -> None:
        """Nothing is asked of the runs: this compares words with a file."""

    def result(self) -> Sequence[Observation]:
        return [seen for expectation in self.expect if (seen := _compare(expectation)) is not None]


def _compare(expected: Expectation) -> Observation | None:
    where = f"{expected.file}:{expected.path}"
    details = {"file": str(expected.file), "path": expected.path, "expected": expected.value}
    try:
        values = list(_values(read_config(expected.file), expected.path.split(".")))
    except CannotRead as error:
        return Observation(
            title="What a configuration was said to be could not be checked",
            message=f"{where} could not be checked: {error}",
            severity="warn",
            details={**details, "found": None},
        )
    wanted = _parsed(expected.value)
    wrong = {path: held for path, held in values if held != expected.value and not _same(held, wanted)}
    if values and not wrong:
        return None
    if not values:
        return Observation(
            message=f"{where} was said to be {expected.value}; the file says nothing of it", details=details
        )
    held = ", ".join(f"{path} = {_shown(value)}" for path, value in wrong.items())
    return Observation(
        message=f"{where} was said to be {expected.value}; the file has {held}",
        details={**details, "found": {path: _shown(value) for path, value in wrong.items()}},
    )


def _parsed(value: str) -> object:
    """Read an expected value as YAML would, so that `false` and `3` are no texts."""
    try:
        return read_config(Path("value.yaml"), value.encode())
    except CannotRead:
        return value


def _same(left: object, right: object) -> bool:
    """Compare values; a truth value is no number, although Python thinks so."""
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _shown(value: object) -> str:
    return cut(json.dumps(value, ensure_ascii=False, default=str))


def _values(node: object, path: Sequence[str], at: str = "") -> Iterator[tuple[str, object]]:
    """Yield each place that a path names; `*` stands for any key or index."""
    if not path:
        yield at, node
        return
    step, *rest = path
    if isinstance(node, Mapping):
        items = [(str(key), value) for key, value in node.items()]
    elif isinstance(node, list):
        items = [(str(index), value) for index, value in enumerate(node)]
    else:
        return
    for key, value in items:
        if step in ("*", key):
            yield from _values(value, rest, f"{at}.{key}" if at else key)


KIND = FindingKind(
    code="config-drift",
    title="The configuration is not what it was said to be",
    severity="block",
    why="A mitigation that stands in a report and not in the file was never in force: conclusions drawn from `after "
    "the change` are drawn from runs before it.",
    mend="Change the file, let the harness copy its configuration into every run's record, and check it in the report "
    "with `--expect FILE:PATH=VALUE`.",
    bad=FindingExample(
        files={
            "agent.yaml": "models:\n  one:\n    parallel_tool_calls: true\n  two:\n    parallel_tool_calls: false\n"
        },
        expect=(("agent.yaml", "models.*.parallel_tool_calls", "false"),),
    ),
    good=FindingExample(
        files={"agent.toml": '[models.one]\nparallel_tool_calls = false\nname = "m"\n'},
        expect=(("agent.toml", "models.one.parallel_tool_calls", "false"), ("agent.toml", "models.one.name", "m")),
    ),
    collector=_Collector,
)
