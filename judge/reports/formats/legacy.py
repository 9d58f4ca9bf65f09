"""The flat schema of early patch judges, for programs that still read it; facts come from the gates, unknown is null.

Where that schema took false for an answer that never came, this one says null: a program that counts `false` counts
what was shown to be wrong and nothing else.
"""

from __future__ import annotations

import json

from judge.core.judgement import Judged
from judge.reports.report import Report
from judge.results.claims import facts_of_record
from judge.results.record import VerdictRecord
from judge.static_checks.model.finding import GateResult

FORMAT = "legacy"
FILE = None


def render(report: Report) -> str:
    """Return a JSON list with one entry for each candidate."""
    return json.dumps([_entry(record) for record in report.records], indent=2, allow_nan=False) + "\n"


def _entry(record: VerdictRecord) -> dict[str, object]:
    return {
        "id": record.id,
        "commit": record.case.human,
        "run_id": record.source.run,
        "status": record.claimed,
        "patch_size": record.patch_chars,
        "evaluation": evaluate(record),
    }


def evaluate(record: VerdictRecord) -> dict[str, object]:
    """Return the nine values of the schema.

    `files_match` is a file in common with the human commit; `optimization_logic_match` that the judge found the
    human's logic in whole or in part, and `is_complete` in whole; `quality_score` is the share of the human's units
    that is covered. All of them are null where nothing is known.
    """
    facts = facts_of_record(record)
    answer = record.judgement if isinstance(record.judgement, Judged) else None
    return {
        "syntax_correct": facts.parses,
        "files_match": facts.shares_file,
        "optimization_logic_match": answer.logic_match != "none" if answer else None,
        "is_complete": answer.logic_match == "full" if answer else None,
        "is_template_code": facts.template,
        "quality_score": answer.score if answer else None,
        "issues": [issue for gate in record.gates.values() for issue in _issues(gate)]
        + [f"{concern.kind}: {concern.why}" for concern in (answer.concerns if answer else ()) if concern.supported],
        "reasoning": "; ".join(reason.message for reason in record.reasons),
        "true_success": record.true_success,
    }


def _issues(gate: GateResult) -> list[str]:
    """What a gate found wrong or doubtful, and what it could not check."""
    wrong = [finding for finding in gate.findings if finding.severity != "info"]
    places = [":".join(str(part) for part in (finding.path, finding.line) if part) for finding in wrong]
    return [
        f"{place}: {finding.message}" if place else finding.message
        for place, finding in zip(places, wrong, strict=True)
    ]
