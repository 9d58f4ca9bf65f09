"""How a model is named and reached: keys, addresses, the protocol that follows from them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import traceback

import pytest
from fake_llm import Call, FakeLlm
from fake_replies import ModelOutput, Request, shape
from fake_replies import Reply as Served
from protocol_kit import KEY, OK, PROTOCOL_NAMES, body_of, model_at, send_all, set_keys

from judge.errors import UsageError
from judge.llm.options import JudgingOptions
from judge.llm.providers.call_failed import CallFailed
from judge.llm.providers.discovery import all_protocols
from judge.llm.providers.model import open_model
from judge.llm.reply import Reply


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test has keys."""
    set_keys(monkeypatch)


@pytest.mark.parametrize("protocol", PROTOCOL_NAMES)
def test_the_key_is_sent_and_never_written_down(protocol: str) -> None:
    """A server that quotes the key, in an error or a good reply, cannot get it into a message, trace or record."""

    def quote(call: Call) -> Served:
        wanted = all_protocols()[protocol].read
        request = Request(number=0, seen=0, protocol=protocol, body=json.loads(call.data), headers=call.headers)
        assert wanted is not None
        if request.system == "fail":
            return Served(status=400, body={"error": {"type": "invalid_request_error", "message": f"bad key {KEY}"}})
        if request.system == "html":
            return Served(body=f"<p>{KEY}</p>".encode())
        return Served(body=shape(request, ModelOutput(text=f"the key is {KEY}")))

    async def run(server: FakeLlm) -> list[str]:
        client = model_at(protocol, server.v1).open_client(timeout_s=20)
        written = [repr(client), repr(model_at(protocol, server.v1)), model_at(protocol, server.v1).identity]
        for system in ("fail", "html"):
            try:
                await all_protocols()[protocol].send(client, body_of(protocol, inquiry={"system": system}))
            except CallFailed as failed:
                written += [str(failed), repr(failed), failed.message, "".join(traceback.format_exception(failed))]
        written.append((await all_protocols()[protocol].send(client, body_of(protocol))).decode())
        await client.close()
        return written

    seen: list[Call] = []

    def routes(call: Call) -> Served:
        seen.append(call)
        return quote(call)

    with FakeLlm(routes=routes) as server:
        written = asyncio.run(run(server))
    assert all(KEY in str(call.headers) for call in seen) and len(seen) == 3, "the server does get it"
    assert len(written) == 3 + 8 + 1
    assert not [text for text in written if KEY in text]
    assert sum("[key]" in text for text in written) >= 7, "and the places where it stood are marked"


def test_no_key_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model can be named without a key, to write prompts; asking it is refused at once, by the variable's name."""
    for provider, variable in (("openai", "OPENAI_API_KEY"), ("anthropic", "ANTHROPIC_API_KEY")):
        monkeypatch.setenv(variable, "  ")
        model = open_model(provider, "m-1", JudgingOptions())
        for ask in (model.key, lambda model=model: model.open_client(timeout_s=1)):
            with pytest.raises(UsageError, match=f"--judge {provider}:m-1: no key; set {variable}"):
                ask()


def test_a_server_of_ones_own_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """With --base-url a dummy key is sent where none is set."""
    monkeypatch.delenv("OPENAI_API_KEY")
    with FakeLlm() as server:
        model = open_model("openai", "m-1", JudgingOptions(base_url=server.v1))
        assert model.protocol == "openai-chat"
        assert isinstance(send_all(model.protocol, server, [OK])[0], Reply)
        assert server.ledger.keys == {"none"}


def test_the_protocol_follows_the_address() -> None:
    """OpenAI's models go by Responses at home and by Chat elsewhere; Anthropic's by Messages everywhere."""
    plain, local = JudgingOptions(), JudgingOptions(base_url="http://127.0.0.1:1/v1/")
    models = [open_model(name, "m", options) for name in ("openai", "anthropic") for options in (plain, local)]
    assert [(model.protocol, model.base_url, model.spec) for model in models] == [
        ("openai-responses", None, "openai:m"),
        ("openai-chat", "http://127.0.0.1:1/v1", "openai:m"),
        ("anthropic-messages", None, "anthropic:m"),
        ("anthropic-messages", "http://127.0.0.1:1/v1", "anthropic:m"),
    ]
    identities = {model.identity for model in models}
    assert len(identities) == 4, "an answer from another address is another answer"
    assert all(model.protocol == model.wire_protocol.NAME for model in models)


def test_the_environment_diverts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address comes from --base-url only: one that the SDKs would take from the environment is in no record."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1")

    async def addresses() -> list[str]:
        urls = []
        for protocol in PROTOCOL_NAMES:
            client = model_at(protocol, None).open_client(timeout_s=1)
            urls.append(str(client.sdk.base_url))
            await client.close()
        return urls

    assert {url.rstrip("/") for url in asyncio.run(addresses())} == {
        "https://api.openai.com/v1",
        "https://api.anthropic.com",
    }


@pytest.mark.parametrize(
    "base_url", ["", "localhost:8080", "ftp://host/v1", "http://", "http://host:port/v1", "http://["]
)
def test_an_address_that_is_none(base_url: str) -> None:
    """A --base-url that cannot be one is refused before anything is asked, and shown how to write."""
    with pytest.raises(UsageError, match="http://HOST:PORT/v1"):
        open_model("openai", "m", JudgingOptions(base_url=base_url))


def test_a_password_in_the_address_is_refused_and_not_shown() -> None:
    """What stands in the address stands in records, so that a secret cannot stand there."""
    with pytest.raises(UsageError) as failed:
        open_model("openai", "m", JudgingOptions(base_url="http://me:hunter2@host/v1"))
    assert "hunter2" not in str(failed.value)


@pytest.mark.parametrize("key", ["sk-secret\nInjected: yes", "sk-gehëim"])
def test_a_key_that_is_none_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """A key with a line end or a foreign letter would be quoted by whatever stumbles over it."""
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(UsageError, match="OPENAI_API_KEY") as failed:
        model_at("openai-responses", None).key()
    assert key not in str(failed.value) and "secret" not in str(failed.value)


def test_efforts_that_anthropic_does_not_know() -> None:
    """--effort minimal is OpenAI's word; said before the first call, not by a 400 for each patch."""
    with pytest.raises(UsageError, match="it knows low, medium, high, xhigh, max"):
        open_model("anthropic", "m", JudgingOptions(effort="minimal"))
    assert open_model("openai", "m", JudgingOptions(effort="minimal")).spec == "openai:m"


def test_the_sdks_are_imported_by_the_first_client_only() -> None:
    """Building a question, reading a reply and opening a judge load neither SDK, nor what they bring."""
    code = (
        "import sys; from judge.judges.panel import open_panel; from judge.llm.options import JudgingOptions;"
        "from judge.llm.providers.discovery import find_reader;"
        "open_panel(('openai:m', 'anthropic:m'), JudgingOptions(base_url='http://h/v1', context_tokens=90_000));"
        "open_panel(('structural',), JudgingOptions());"
        "find_reader({})({}); heavy = ('openai', 'anthropic', 'tenacity', 'httpx', 'httpx2', 'genai_prices');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
