"""The tables of an audit, one or a few per file, found by a scan; this module says what a table file must define."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Protocol, cast

from judge.auditing.collecting.accumulator import Accumulator, Table
from judge.auditing.context import Context
from judge.lib.folder_scan import scan


class TableFile(Protocol):
    """A module in `tables/`: its place among the others, and what gathers its tables."""

    ORDER: int

    def collect(self, context: Context) -> Accumulator[Sequence[Table]]:
        """Start gathering; the result is the file's tables."""


@cache
def all_tables() -> tuple[TableFile, ...]:
    """Return the table files in the order in which they are to be read.

    Raises:
        RuntimeError: a file here does not import or is no table file; the message names it.
    """
    modules = scan("auditing.tables", needs=("ORDER", "collect"))
    return tuple(sorted((cast(TableFile, module) for module in modules), key=lambda module: module.ORDER))
