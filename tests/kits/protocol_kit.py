"""One question in every protocol, through the real SDKs, for the tests of the protocols."""

from __future__ import annotations

import asyncio
import dataclasses
import os
from typing import Any

import pytest
from fake_llm import FakeLlm, always
from inquiry_kit import make_inquiry

from judge.llm.providers.call_failed import CallFailed
from judge.llm.providers.discovery import all_protocols, all_providers
from judge.llm.providers.json_shapes import decode
from judge.llm.providers.model import Model
from judge.llm.reply import Reply

KEY = "sk-test-0123456789abcdef"
INQUIRY = make_inquiry(1, prefix=8000)
PROTOCOL_NAMES = tuple(all_protocols())
OK = "ok"


def set_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set both keys, and nothing else that the SDKs would read from the environment."""
    for name in [name for name in os.environ if name.startswith(("OPENAI_", "ANTHROPIC_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)


def model_at(protocol: str, base_url: str | None) -> Model:
    """Name a model that is asked in a protocol."""
    provider = next(name for name, each in all_providers().items() if all_protocols()[protocol] in each.PROTOCOLS)
    return Model(provider=provider, name="m-1", protocol=protocol, base_url=base_url)


def body_of(protocol: str, **changes: Any) -> dict[str, Any]:
    """Build the body of the question; `inquiry` changes the question, the rest how it is asked."""
    inquiry = dataclasses.replace(INQUIRY, **changes.pop("inquiry", {}))
    return all_protocols()[protocol].body(
        inquiry, **{"model": "m-1", "max_output_tokens": 30_000, "effort": None, **changes}
    )


def send_all(protocol: str, server: FakeLlm, faults: list[str], *, timeout_s: float = 20.0) -> list[Reply | CallFailed]:
    """Send one question for each fault through one client and return what came of it."""

    async def run() -> list[Reply | CallFailed]:
        model = model_at(protocol, server.v1)
        client = model.open_client(timeout_s=timeout_s)
        outcomes: list[Reply | CallFailed] = []
        for fault in faults:
            server.script = always(fault)
            try:
                reply = all_protocols()[protocol].read(
                    decode(await all_protocols()[protocol].send(client, body_of(protocol)))
                )
                assert isinstance(reply, Reply), "what send() returns is a reply"
                outcomes.append(reply)
            except CallFailed as failed:
                outcomes.append(failed)
        await client.close()
        return outcomes

    return asyncio.run(run())
