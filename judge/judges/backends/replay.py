"""Replays what was said before: judgements in our form, answers by `custom_id`, or another harness's evaluations."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from judge.errors import UsageError
from judge.inputs.runs.judgement_file import is_judgement_file
from judge.judges.panel import LocalJudge
from judge.judges.stored_judgements import read_stored
from judge.llm.options import JudgingOptions

SPEC = "replay:FILE"
SCOPE = "recorded answers, checked against this very patch text; nothing new was asked"
HELP = "answers from a file: stored judgements, batch results or answers by hand, recorded evaluations"


def open_judge(argument: str, options: JudgingOptions) -> LocalJudge:
    """Read a replay file, of the kind that its first line tells.

    Raises:
        UsageError: it cannot be read, or a line of it is not what the first one promises.
    """
    path = Path(argument)
    try:
        with path.open("rb") as file:
            start = file.read(1 << 16)
            file.seek(0)
            identity = f"replay-{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError as error:
        raise UsageError(f"--judge replay:{argument}: cannot be read ({error.strerror})") from error
    if is_judgement_file(start):
        from judge.judges.recorded_evaluations import RecordedJudge

        return RecordedJudge(path, identity)
    first = start.lstrip().partition(b"\n")[0]
    if b'"custom_id"' in first:
        from judge.judges.answers_file import AnswersFile, AnswersJudge

        return AnswersJudge(AnswersFile.read(path, _lines(path)), options, identity)
    return read_stored(((place, line) for place, _, line in _lines(path)), identity)


def _lines(path: Path) -> Iterator[tuple[str, int, bytes]]:
    """Yield place, offset and text of each line that is not blank."""
    offset = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield f"{path}:{number}", offset, line
            offset += len(line)
