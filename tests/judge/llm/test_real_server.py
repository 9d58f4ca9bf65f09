"""The whole way to a real inference server (llama.cpp's), whose output the schema really constrains.

Skipped where there is none; `tests/kits/real_server.py` says how to have one. What its tiny model says means nothing.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from inquiry_kit import make_inquiry
from real_server import CONTEXT, RealServer, ServerAbsent, real_server
from support import diff_of, make_repo
from tiny_model import WORD

from judge.llm.answer import Answer
from judge.llm.answer_reading import read_answer
from judge.llm.inquiry import Inquiry
from judge.llm.providers.call_failed import CallFailed
from judge.llm.providers.json_shapes import decode
from judge.llm.providers.model import Model
from judge.llm.reply import Failure, Reply

JUDGE = [sys.executable, "-P", "-c", "from judge.cli import main; main()"]
INQUIRY = dataclasses.replace(make_inquiry(1), units={"U1": "shop/cart.py::total"})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """A real server for all tests of this file."""
    try:
        with real_server(tmp_path_factory.mktemp("server")) as running:
            yield running
    except ServerAbsent as absent:
        pytest.skip(str(absent))


@pytest.fixture
def tiny(server: RealServer) -> RealServer:
    """The server with our own model, of which it is known what it says."""
    if not server.tiny:
        pytest.skip("JUDGE_TEST_SERVER serves another model than the tiny one, so its words are not known")
    return server


def send(server: RealServer, inquiry: Inquiry, *, limit: int, effort: Any = None) -> Reply | Failure | CallFailed:
    """Put one question as the asker does."""
    model = Model(provider="openai", name="tiny", protocol="openai-chat", base_url=server.base_url)
    protocol = model.wire_protocol

    async def ask() -> bytes:
        client = model.open_client(timeout_s=120)
        try:
            return await protocol.send(
                client, protocol.body(inquiry, model="tiny", max_output_tokens=limit, effort=effort)
            )
        finally:
            await client.close()

    try:
        return protocol.read(decode(asyncio.run(ask())))
    except CallFailed as failed:
        return failed


def grade(server: RealServer, folder: Path, *options: str) -> dict[str, Any]:
    """Grade one patch with the command a user types and return its record.

    The changed file is called and holds the word that the tiny model says, so that its quotes are found.
    """
    repo = folder / "repo"
    if not repo.exists():
        base = make_repo(repo, {WORD: f"{WORD} = slow\nmore = 1\n"})
        (folder / "human.patch").write_bytes(diff_of(repo, {WORD: f"{WORD} = fast\nmore = 1\n"}))
        (folder / "patches").mkdir()
        (folder / "patches/one.diff").write_bytes(diff_of(repo, {WORD: f"{WORD} = faster\nmore = 1\n"}))
        (folder / "base").write_text(base)
    case = ["--repo", "repo", "--base", (folder / "base").read_text(), "--human", "human.patch", "--time", "none"]
    model = ["--judge", "openai:tiny", "--base-url", server.base_url, "--cache", "kept.sqlite", "--timeout", "120"]
    command = [*JUDGE, "grade", "patches", *case, *model, "--out", "out", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode in (0, 3), done.stderr
    (line,) = (folder / "out/verdicts.jsonl").read_text().splitlines()
    record: dict[str, Any] = json.loads(line)
    return record


def test_the_schema_is_enforced(tiny: RealServer) -> None:
    """The reply of a model that knows nothing is an answer of our schema, with its end and its tokens read."""
    reply = send(tiny, INQUIRY, limit=4000)
    assert isinstance(reply, Reply), reply
    assert (reply.stop, reply.detail) == ("end", "stop")
    assert isinstance(read_answer(reply, INQUIRY), Answer)
    assert reply.tokens.input and reply.tokens.input > len(INQUIRY.shared), "its tokens are bytes"
    assert reply.tokens.output and reply.tokens.output > 100
    assert reply.model and "tiny" in reply.model


def test_shared_text_is_cached(tiny: RealServer) -> None:
    """Of a second candidate's question the server reads only what differs, and says so."""
    first = dataclasses.replace(INQUIRY, shared="The human change.\n" * 200, own="One.")
    second = dataclasses.replace(first, own="Two.")
    replies = [send(tiny, inquiry, limit=4000) for inquiry in (first, second)]
    assert all(isinstance(reply, Reply) for reply in replies), replies
    cached = [reply.tokens.cached for reply in replies if isinstance(reply, Reply)]
    assert cached[1] is not None and cached[1] >= len(first.shared)


def test_effort_is_tolerated(tiny: RealServer) -> None:
    """A server that knows no reasoning effort takes the question all the same."""
    assert isinstance(send(tiny, INQUIRY, limit=4000, effort="low"), Reply)


def test_a_cut_reply_is_truncated(tiny: RealServer) -> None:
    """A reply that ran into its limit is no answer, whatever is in it; what it used is known."""
    reply = send(tiny, INQUIRY, limit=40)
    assert isinstance(reply, Reply) and reply.stop == "length" and reply.text
    assert reply.tokens.output == 40
    failure = read_answer(reply, INQUIRY)
    assert isinstance(failure, Failure) and failure.reason == "truncated"


def test_a_question_too_long_is_refused(tiny: RealServer) -> None:
    """What the context does not hold is the judge's failure by that name, not retried and not cut."""
    failed = send(tiny, dataclasses.replace(INQUIRY, shared="x y " * CONTEXT), limit=400)
    assert isinstance(failed, CallFailed), failed
    assert (failed.reason, failed.retry) == ("context-exceeded", False)


def test_a_whole_run(server: RealServer, tmp_path: Path) -> None:
    """`judge grade` with any real server ends in a judgement or in a failure of the judge, never of the patch."""
    record = grade(server, tmp_path)
    judgement = record["judgement"]
    assert record["verdict"] == "undetermined", "nothing was timed"
    assert judgement["tokens"]["input"] > 0 and judgement["tokens"]["output"] > 0
    assert judgement["status"] in ("judged", "abstained") or judgement["reason"] in (
        "truncated",
        "empty-truncated",
        "units-invalid",
        "context-exceeded",
        "refusal",
    )


def test_a_whole_run_that_is_judged(tiny: RealServer, tmp_path: Path) -> None:
    """Its quotes stand in the patch and its unit is the one asked about, so all stages up to the match go through."""
    judgement = grade(tiny, tmp_path)["judgement"]
    assert (judgement["status"], judgement["logic_match"], judgement["completeness"]) == ("judged", "full", 1.0)
    assert [unit["coverage"] for unit in judgement["units"]] == ["covered"]
    assert judgement["unverified_quotes"] == 0 and len(judgement["evidence"]) >= 5
    assert len(judgement["contradictions"]) == 1, "it disputes a fact that was not given"


def test_a_whole_run_that_is_cut_off(tiny: RealServer, tmp_path: Path) -> None:
    """A reply cut off at 256 tokens and again at 512 leaves the case open, and both are counted."""
    record = grade(tiny, tmp_path, "--max-output-tokens", "256")
    judgement = record["judgement"]
    assert (record["verdict"], judgement["status"], judgement["reason"]) == ("undetermined", "error", "truncated")
    assert judgement["tokens"]["output"] == 256 + 512
