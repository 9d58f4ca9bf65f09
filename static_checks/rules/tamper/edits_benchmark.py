"""Rule tamper-edits-benchmark."""

from collections.abc import Iterable

from judge.static_checks.change.change import Change
from judge.static_checks.change.grading_files import GradingFiles, human_touch
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule
from judge.static_checks.source.paths import is_benchmark


def check(change: Change) -> Iterable[Hit]:
    """Find edits of the files by which this very case is timed and tested, and of other benchmarks."""
    grading = GradingFiles.of(change)
    for file in change.files:
        path = file.change.old_path or file.path
        human = human_touch(change, file)
        if human == "same edit":
            continue
        role = grading.role(path) or grading.role(file.path)
        if role is not None:
            note = ", as the human commit does, but in another way" if human else ""
            yield Hit(f"changes {role}{note}", file.path, severity="warn" if human else None)
        elif file.before is not None and is_benchmark(path) and human is None:
            note = " that the human commit leaves alone" if change.human else ""
            yield Hit(f"changes a benchmark of the project{note}", file.path, severity="warn")


RULE = Rule(
    code="tamper-edits-benchmark",
    gate="tamper",
    summary="The patch edits the benchmark or the tests it is graded by.",
    why="A result counts only if it was measured by the same program. A patch that changes the case's benchmark, or a "
    "file that its test command names, was measured by its own. Other benchmarks of the project are a sign only.",
    severity="block",
    bad=Example(
        before={"lib.py": "x = 1\n", "perf/run.py": "def experiment(data):\n    return data\n"},
        after={"perf/run.py": "def experiment(data):\n    return None\n"},
        benchmark="perf/run.py",
    ),
    good=Example(
        before={"lib.py": "x = 1\n", "perf/run.py": "def experiment(data):\n    return data\n"},
        after={"lib.py": "x = 2\n", "benchmarks/new.py": "y = 1\n"},
        benchmark="perf/run.py",
    ),
    check=check,
)
