"""The units of a human change: its function-level edits, which a candidate is held against. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence

from judge.static_checks.change.change import TouchedFile
from judge.static_checks.change.overlap import MODULE, definitions_in_file, pair_files, touched_definitions
from judge.static_checks.source.canonical import canonical_statement
from judge.static_checks.source.paths import is_benchmark, is_ci, is_test
from judge.static_checks.source.python import PythonSource


def human_units(human: Sequence[TouchedFile]) -> tuple[str, ...]:
    """Return the units as PATH::NAME, or as PATH where no definitions can be told (C, CUDA, configuration).

    Tests are never units. Benchmarks, continuous integration, and edits that change no code (layout, comments, local
    names) are units only if there is nothing else. The imports of a file serve its other units, and are a unit of
    their own only where nothing else changes there.
    """
    code = [file for file in human if not is_test(file.path)]
    work = [file for file in code if not is_benchmark(file.path) and not is_ci(file.path)]
    effective = [file for file in work if file.code_change != "none"]
    return _units(effective, cosmetic=False) or _units(work, cosmetic=True) or _units(code, cosmetic=True)


def _units(code: Sequence[TouchedFile], *, cosmetic: bool) -> tuple[str, ...]:
    files = pair_files((), code).human
    units = set(touched_definitions(files).names)
    whole = set(files) - {unit.split("::", 1)[0] for unit in units}
    units -= _import_units(files, units)
    if not cosmetic:
        units -= {unit for unit in units if _is_cosmetic(files, *unit.split("::", 1))}
    return tuple(sorted(units | whole))


def _is_cosmetic(files: Mapping[str, Sequence[TouchedFile]], path: str, name: str) -> bool:
    """Whether a definition stands there before and after, and computes the same."""
    for file in files[path]:
        renamed = definitions_in_file(file)
        before = file.source_before.definition(name) if file.source_before else None
        later = file.source_after.definitions if file.source_after else ()
        after = next((definition for definition in reversed(later) if renamed.old_name(definition.name) == name), None)
        if before is None or after is None or not _same_code(before.node, after.node):
            return False
    return True


def _same_code(before: ast.stmt, after: ast.stmt) -> bool:
    try:
        return canonical_statement(before) == canonical_statement(after)
    except (RecursionError, ValueError):  # too deep, or an integer too long to be written out
        return False


def _import_units(files: Mapping[str, Sequence[TouchedFile]], units: set[str]) -> set[str]:
    """The module-level units of nothing but imports, in files that have another unit."""
    import_units = set()
    for path, parts in files.items():
        others = sum(unit.startswith(f"{path}::") for unit in units) > 1
        if others and f"{path}::{MODULE}" in units and all(_only_imports(file) for file in parts):
            import_units.add(f"{path}::{MODULE}")
    return import_units


def _only_imports(file: TouchedFile) -> bool:
    removed = [line.old for line in file.change.removed]
    added = [line.new for line in file.change.added]
    return _imports_at(file.source_before, removed) and _imports_at(file.source_after, added)


def _imports_at(source: PythonSource | None, numbers: Iterable[int | None]) -> bool:
    """Whether every one of these lines that no definition holds is part of an import, or holds no code."""
    if source is None or source.tree is None:
        return True
    imports: set[int] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    inside = {number for definition in source.definitions for number in range(definition.start, definition.end + 1)}
    loose = [number for number in numbers if number and number not in inside and number not in imports]
    return not any((source.line(number) or "").strip().partition("#")[0] for number in loose)
