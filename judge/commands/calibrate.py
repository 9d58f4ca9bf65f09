"""`judge calibrate`: hold the judgements of a run against labels, facts and one another."""

from __future__ import annotations

import json
from pathlib import Path

import click
from pydantic import TypeAdapter

from judge.calibration.calibration import Calibration, calibrate
from judge.calibration.labels import read_labels, read_verdicts
from judge.calibration.text import render
from judge.inputs.runs.judgement_file import read_recorded_judgements
from judge.results.record import SCHEMA


@click.command()
@click.argument("labels", required=False, type=click.Path(path_type=Path), metavar="[LABELS.jsonl]")
@click.option(
    "--verdicts",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR|FILE",
    help="Folder that a run wrote, or its verdicts.jsonl.",
)
@click.option(
    "--judgements",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Evaluations that another harness recorded (a JSON list with evaluated_attempts): what they claim is held "
    "against the facts in the verdicts; patches are found by human commit and size.",
)
@click.option(
    "--format", "shape", type=click.Choice(["table", "json"]), default="table", show_default=True, help="What to print."
)
def command(labels: Path | None, verdicts: Path, judgements: Path | None, shape: str) -> None:
    """Say how far a judge can be trusted: agreement with labels, claims against facts, votes, cost.

    LABELS.jsonl holds a line for each candidate that people judged: {"id": ..., "logic_match": "full", "partial" or
    "none"}, or {"id": ..., "category": VERDICT}, or both. Recorded answers are calibrated like any others: grade with
    --judge replay:FILE, then calibrate the verdicts.
    """
    calibration = calibrate(
        read_verdicts(verdicts),
        read_labels(labels) if labels else (),
        read_recorded_judgements(judgements) if judgements else (),
    )
    click.echo(render(calibration) if shape == "table" else _json(calibration), nl=False)


def _json(calibration: Calibration) -> str:
    plain = TypeAdapter(Calibration).dump_python(calibration, mode="json")
    return json.dumps({"schema": SCHEMA, **plain}, indent=2, allow_nan=False) + "\n"
