"""Which way imports point: the rooms of the tree, lowest first, and no circle between modules."""

from __future__ import annotations

import ast
import graphlib
import sys
from collections.abc import Iterator, Mapping, Set
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
Graph = Mapping[str, Set[str]]
ROOMS: Mapping[str, str] = {
    "judge.static_checks": "reads and checks a patch; known by all, knows nobody",
    "judge.bench": "times code; knows nobody, since it is of use without a judge",
    "judge.prompts": "texts and their versions; knows nobody",
    "judge.lib": "helpers that know nothing of patches or verdicts",
    "judge.errors": "what may go wrong, and the exit codes",
    "judge.core": "the words of a verdict and `decide`: pure, so it may know only what it decides from",
    "judge.inputs.runs": "what old harnesses left behind, before anybody has judged it",
    "judge.inputs": "paths become cases and candidates; a run tree is read by the readers of old runs",
    "judge.llm": "asks a model about one candidate; knows no stage",
    "judge.results": "what is kept of a verdict, and what of it may be tried again",
    "judge.judges": "answers a question, by a model or otherwise",
    "judge.stages": "one stage each; the order of the stages is none of their business",
    "judge.pipeline": "the order of the stages",
    "judge.reports": "shows what the pipeline returned",
    "judge.auditing": "grades old runs and reports on them",
    "judge.calibration": "holds a judge against labels",
    "judge.commands": "options, progress and messages of one subcommand each",
    "judge.cli": "finds the subcommands; the one place that turns errors into exit codes",
    "judge.__main__": "`python -m judge`",
    "judge": "the public names, loaded on first use",
}
"""Every module is in one room and imports only from its own room and from those above it in this table, lower ones."""
ALONE = ("judge.static_checks", "judge.bench", "judge.prompts")
"""These know no other room at all."""
FOLDERS = {"judge": "judge"} | {name.removeprefix("judge."): name for name in ALONE}


def modules() -> dict[str, Path]:
    """Every module of the installed package, by its installed name."""
    found = {}
    for folder, package in FOLDERS.items():
        for file in (ROOT / folder).rglob("*.py"):
            inner = file.relative_to(ROOT / folder).with_suffix("").parts
            if not (folder == "judge" and inner[0] in FOLDERS):  # a link
                found[".".join((package, *inner)).removesuffix(".__init__")] = file
    return found


def imported_names(file: Path) -> Iterator[str]:
    """Yield what a file imports, wherever in it: the module, and for `from a import b` also `a.b`."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.fixture(scope="module")
def graph() -> Graph:
    """Each module with those that it imports, also in functions and for types only."""
    known = modules()
    graph: dict[str, set[str]] = {}
    for module, file in known.items():
        names = set(imported_names(file))
        graph[module] = {name if name in known else name.rpartition(".")[0] for name in names} & set(known)
    return graph


def room_of(module: str) -> str:
    """Return the innermost room that holds a module."""
    room = module
    while room not in ROOMS:
        room = room.rpartition(".")[0]
    return room


def test_no_import_circle(graph: Graph) -> None:
    """No module imports itself by way of others, not even for types or inside a function."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as circle:
        pytest.fail("an import circle: " + " is imported by ".join(circle.args[1]))


def test_every_module_is_in_a_room(graph: Graph) -> None:
    """A new folder or module in `judge/` says in the table above what it may know."""
    homeless = sorted(module for module in graph if room_of(module) == "judge" != module)
    assert not homeless, (
        f"{homeless} is in no room: move it into one, or name its folder in ROOMS of {Path(__file__).name}, "
        "below all that import it and above all that it imports"
    )
    assert {room_of(module) for module in graph} == set(ROOMS), "a room without modules"


def test_imports_point_one_way(graph: Graph) -> None:
    """A module imports only from its own room and from lower ones."""
    height = {room: number for number, room in enumerate(ROOMS)}
    wrong = [
        f"{module} ({room_of(module)}) imports {other} ({room_of(other)})"
        for module, others in graph.items()
        for other in others
        if height[room_of(other)] > height[room_of(module)]
    ]
    assert not wrong, "\n".join(
        [*sorted(wrong), "Move what both need into the lower room, or hand it over as an argument."]
    )


@pytest.mark.parametrize("package", ALONE)
def test_siblings_know_nobody(package: str, graph: Graph) -> None:
    """static_checks, bench and prompts import neither each other nor anything else of judge."""
    wrong = {
        module: foreign
        for module, others in graph.items()
        if room_of(module) == package and (foreign := {other for other in others if room_of(other) != package})
    }
    assert not wrong, f"{package} is of use without the rest of judge"


def test_child_scripts_stand_alone() -> None:
    """A script started by its path in another process imports nothing of this project."""
    script = ROOT / "static_checks/source/parser_child.py"
    assert not [name for name in imported_names(script) if name.startswith("judge")]


def test_worker_needs_only_the_standard_library() -> None:
    """What runs under the target's interpreter: the standard library, and its neighbours by path."""
    files = sorted((ROOT / "bench/inside").glob("*.py"))
    assert {"worker.py", "inspector.py"} <= {file.name for file in files}
    names = {name for file in files for name in imported_names(file)}
    foreign = {name for name in names if name.split(".")[0] not in sys.stdlib_module_names}
    named_for_types = {f"judge.bench.inside.{file.stem}" for file in files}
    assert foreign <= named_for_types


def test_a_checkout_has_the_installed_names() -> None:
    """The links in judge/ lead to the packages beside it, relative, so that they hold in any checkout."""
    for name in (package.removeprefix("judge.") for package in ALONE):
        link = ROOT / "judge" / name
        assert link.is_symlink(), link
        assert link.readlink() == Path("..", name)
