"""`judge schema`: JSON Schema of the files that other programs read or write."""

from __future__ import annotations

import json
from typing import Any

import click
from pydantic import TypeAdapter

from judge.core.judgement import Judgement
from judge.core.timing import Timing
from judge.inputs.case_file import CaseFile
from judge.inputs.runs.layouts.run_lines import RunLine
from judge.judges.stored_judgements import StoredJudgement
from judge.llm.answer import Answer
from judge.results.record import VerdictRecord

_SCHEMAS: dict[str, Any] = {
    "verdict": VerdictRecord,
    "judgement": Judgement,
    "timing": Timing,
    "case": CaseFile,
    "replay": StoredJudgement,
    "answer": Answer,
    "run": RunLine,
}


@click.command()
@click.argument("name", type=click.Choice(list(_SCHEMAS)))
def command(name: str) -> None:
    """Print the JSON Schema of a verdict line, judgement, timing, case.toml, replay line, answer or run line."""
    schema = TypeAdapter(_SCHEMAS[name]).json_schema(by_alias=True)
    click.echo(json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2))
