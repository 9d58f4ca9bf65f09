"""The key of a provider goes to the provider and nowhere else, whatever the provider says and however a run ends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fake_llm import FakeLlm, always, first
from fake_replies import Request, cover_all
from grading_child import start_grading
from support import ROOT

CASE = ROOT / "fixtures/patches/slugs"
KEY = "sk-test-5ecret0123456789abcdef"


def quote_the_key(request: Request) -> Mapping[str, Any]:
    """Answer well, but with the key in the words."""
    key = request.headers.get("x-api-key") or request.headers["authorization"].removeprefix("Bearer ")
    return {**cover_all(request), "candidate_change": f"the key is {key}"}


@pytest.mark.parametrize(("fault", "code"), [("ok", 0), ("401", 2), ("400", 3)], ids=["answered", "fatal", "refused"])
def test_no_file_and_no_line_holds_the_key(tmp_path: Path, fault: str, code: int) -> None:
    """Output, logs, records, store and errors of a whole run are free of the key, though every request had it."""
    with FakeLlm(script=first("503") if fault == "ok" else always(fault), answer=quote_the_key) as server:
        left_with = start_grading(CASE, tmp_path, key=KEY, base_url=server.v1).wait(300)
    output = (tmp_path / "output").read_bytes()
    assert left_with == code, output.decode()
    assert server.ledger.keys == {KEY} and server.ledger.requests >= 1
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert any(path.name == "verdicts.jsonl" for path in files)
    assert any(path.name.startswith("kept.db") for path in files)
    assert [str(path) for path, data in files.items() if KEY.encode() in data] == []
    assert b"HTTP Re" in output, "the SDK's own log is part of the output"
    if fault == "ok":
        kept = b"".join(data for path, data in files.items() if path.name.startswith("kept.db"))
        assert b"the key is [key]" in kept, "the reply itself is kept, with the key taken out"
        verdicts = [json.loads(line) for line in (tmp_path / "out/verdicts.jsonl").read_text().splitlines()]
        assert "judged" in {verdict["judgement"]["status"] for verdict in verdicts}
