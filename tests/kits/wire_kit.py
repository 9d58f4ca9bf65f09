"""One question on every wire, through the real SDKs, for the tests of the wires."""

from __future__ import annotations

import asyncio
import dataclasses
import os
from typing import Any

import pytest
from fake_llm import FakeLlm, always
from inquiry_kit import make_inquiry

from judge.llm.providers.model import WIRES, CallFailed, Model, decode
from judge.llm.reply import Reply

KEY = "sk-test-0123456789abcdef"
INQUIRY = make_inquiry(1, prefix=8000)
WIRE_NAMES = tuple(WIRES)
OK = "ok"


def set_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set both keys, and nothing else that the SDKs would read from the environment."""
    for name in [name for name in os.environ if name.startswith(("OPENAI_", "ANTHROPIC_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)


def model_at(wire: str, base_url: str | None) -> Model:
    """Name a model that is asked on a wire."""
    return Model(provider="anthropic" if "anthropic" in wire else "openai", name="m-1", wire=wire, base_url=base_url)


def body_of(wire: str, **changes: Any) -> dict[str, Any]:
    """Build the body of the question; `inquiry` changes the question, the rest how it is asked."""
    inquiry = dataclasses.replace(INQUIRY, **changes.pop("inquiry", {}))
    return WIRES[wire].body(inquiry, **{"model": "m-1", "max_output_tokens": 30_000, "effort": None, **changes})


def send_all(wire: str, server: FakeLlm, faults: list[str], *, timeout_s: float = 20.0) -> list[Reply | CallFailed]:
    """Send one question for each fault through one client and return what came of it."""

    async def run() -> list[Reply | CallFailed]:
        model = model_at(wire, server.v1)
        client = model.open_client(timeout_s=timeout_s)
        found: list[Reply | CallFailed] = []
        for fault in faults:
            server.script = always(fault)
            try:
                reply = WIRES[wire].read(decode(await WIRES[wire].send(client, body_of(wire))))
                assert isinstance(reply, Reply), "what send() returns is a reply"
                found.append(reply)
            except CallFailed as failed:
                found.append(failed)
        await client.close()
        return found

    return asyncio.run(run())
