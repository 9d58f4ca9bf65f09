"""The asker against the fake server over the real SDKs: every fault by its name, nothing asked or paid for twice."""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from asking_kit import Nap, ask_all, ask_one, expected, make_model, make_options, tell_apart
from fake_llm import UNKNOWN_KEY, FakeLlm, always, first
from fake_replies import FAULTS, Request
from fault_table import ROWS, UNREACHED, cases, row_of
from inquiry_kit import make_inquiry

from judge.core.judgement import Judged
from judge.core.timing import Timed
from judge.core.verdict import NECESSARY, decide
from judge.errors import JudgeUnusable, OutputError
from judge.llm.calls import asker
from judge.llm.calls.asker import Asker
from judge.llm.calls.call_store import CallStore, this_process
from judge.llm.calls.exchange import Exchange, question_key
from judge.llm.calls.spending_limit import SpendingLimit
from judge.llm.options import Price
from judge.llm.providers.discovery import all_protocols
from judge.llm.providers.retry import QUESTIONS
from judge.llm.voting import Unasked, read_exchange
from judge.static_checks.model.finding import Gate, GateResult, conclude

GATES_PASS: dict[Gate, GateResult] = {
    **{name: GateResult(status="pass") for name in NECESSARY},
    "overlap": conclude([], {"files": {"common": ["shop/cart.py"]}}),
}
FASTER = Timed(
    status="improved", speedup=1.5, ci=(1.4, 1.6), baseline_ms=3.0, candidate_ms=2.0, outputs="same", device="cpu"
)


@pytest.fixture
def server() -> Iterator[FakeLlm]:
    """A server that answers every question in its own right way."""
    with FakeLlm(answer=tell_apart) as running:
        yield running


def test_every_fault_is_in_the_table() -> None:
    """The table in the README names every fault that the server can play, each once."""
    named = [fault for row in ROWS for fault in row.faults if "/" not in fault]
    assert sorted(named) == sorted(FAULTS)


@pytest.mark.parametrize(("protocol", "fault"), cases())
def test_fault(protocol: str, fault: str, server: FakeLlm) -> None:
    """A fault that stays: the caller sees its reason after so many calls, and what was used is counted.

    The case stays undetermined, though the gates passed and the candidate is faster with the same outputs.
    """
    row = row_of(fault, protocol)
    server.script = always(fault)
    options = make_options(timeout_s=0.3 if fault == "hang" else 5.0)
    model = make_model(server, protocol)
    if row.stops:
        with pytest.raises(JudgeUnusable, match=r"^(openai|anthropic):fake: "):
            ask_one(model, make_inquiry(), options)
        assert server.ledger.requests == row.calls
        return
    exchange = ask_one(model, make_inquiry(), options)
    assert (exchange.failure.reason if exchange.failure else None) == row.reason
    assert (exchange.answer is None) == (row.reason is not None)
    assert exchange.attempts == server.ledger.requests == row.calls
    judgement = read_exchange(exchange, make_inquiry(), "openai:fake")
    assert judgement.status == ("error" if row.reason else "judged")
    assert isinstance(judgement, Judged) or judgement.reason == row.reason
    verdict = decide(GATES_PASS, judgement, FASTER, "success")
    assert verdict.verdict == ("true_success" if row.reason is None else "undetermined")
    assert verdict.true_success is (True if row.reason is None else None)
    if row.calls < QUESTIONS.tries and fault != "missing-usage" and any(e.delivered for e in server.ledger.events):
        assert exchange.tokens.output, "what a bad reply used is counted"
    billed = {"hang", "reset", "close", "reset-mid-body", "failed", "error-200", *row_of("html", protocol).faults}
    assert exchange.lost == (row.calls if fault in billed else 0), "what may have been paid for is counted"


@pytest.mark.parametrize("fault", ["truncated", "reasoning-only", "wrong-enum", "missing-unit", "429", "reset", "html"])
def test_a_fault_that_passes(fault: str, server: FakeLlm) -> None:
    """The right answer is found by the second call, and both replies are counted."""
    server.script = first(fault)
    exchange = ask_one(make_model(server), make_inquiry(3), make_options())
    assert exchange.answer is not None and json.loads(exchange.answer.model_dump_json()) == json.loads(expected(3))
    assert server.ledger.requests == exchange.attempts == 2
    reasoning = {"truncated": 80, "reasoning-only": 16_040, "wrong-enum": 80, "missing-unit": 80}
    assert exchange.tokens.reasoning == reasoning.get(fault, 40)


def test_a_cut_reply_is_asked_for_with_twice_the_limit(server: FakeLlm) -> None:
    """The second try has twice the limit; a wrong shape after that is tried once more, with that limit."""
    server.script = first("truncated", "wrong-schema")
    assert ask_one(make_model(server), make_inquiry(), make_options()).answer
    assert [event.max_output_tokens for event in server.ledger.events] == [1000, 2000, 2000]


def test_a_limit_that_the_model_does_not_have(server: FakeLlm) -> None:
    """Where twice the limit is refused, the reason is still that the reply was cut off."""
    server.script = first("truncated", "400")
    exchange = ask_one(make_model(server), make_inquiry(), make_options())
    assert exchange.failure is not None and exchange.failure.reason == "truncated"
    assert "asked again: HTTP 400" in exchange.failure.message


@pytest.mark.parametrize("protocol", all_protocols())
def test_nobody_there(protocol: str) -> None:
    """A server that was never reached stops the run with one message after the tries of one question."""
    nap = Nap()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and not listening
        address = argparse.Namespace(url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(JudgeUnusable, match="no call has come through, check the address and the network"):
            ask_all(make_model(address, protocol), [make_inquiry(n) for n in range(50)], make_options(), nap=nap)
    assert len(nap.slept) < 8 * UNREACHED.calls


def test_a_server_that_went_away() -> None:
    """Once a reply has come, a refused connection is one question's error, and nothing can have been paid for it."""
    with CallStore(None) as store:

        async def run(server: FakeLlm) -> tuple[Exchange | Unasked, Exchange | Unasked]:
            asker = Asker(make_model(server), make_options(), store, SpendingLimit(None), sleep=Nap())
            first = await asker.ask(make_inquiry(0), 0)
            await asyncio.to_thread(server.__exit__)
            second = await asker.ask(make_inquiry(1), 0)
            await asker.close()
            return first, second

        server = FakeLlm(answer=tell_apart).__enter__()
        first, second = asyncio.run(run(server))
    assert isinstance(first, Exchange) and first.answer
    assert isinstance(second, Exchange) and second.failure is not None and second.failure.reason == "connection"
    assert (second.attempts, second.lost) == (QUESTIONS.tries, 0)


def test_retry_after_is_honoured(server: FakeLlm) -> None:
    """The wait is never shorter than the server says."""
    server.script = always("429-retry-after")
    nap = Nap()
    ask_one(make_model(server), make_inquiry(), make_options(), nap=nap)
    assert len(nap.slept) == QUESTIONS.tries - 1
    assert all(1.0 <= wait <= QUESTIONS.longest_wait_s for wait in nap.slept)


def test_waits_grow_and_differ(server: FakeLlm) -> None:
    """Without a word from the server waits are drawn below 1, 2, 4, 8 and 16 s, not all alike."""
    server.script = always("503")
    naps = [Nap() for _ in range(8)]
    for number, nap in enumerate(naps):
        ask_one(make_model(server), make_inquiry(number), make_options(), nap=nap)
    longest = [max(waits) for waits in zip(*(nap.slept for nap in naps), strict=True)]
    assert all(wait <= 2.0**turn for turn, wait in enumerate(longest))
    assert longest[-1] > 2.0, "the last of eight draws below 16"
    assert len({nap.slept[0] for nap in naps}) == len(naps)


def test_a_deadline_ends_the_tries(server: FakeLlm) -> None:
    """Rather than wait beyond the deadline of a question it is given up at once, by the name of its last fault."""
    server.script = always("429-retry-after")
    nap = Nap()
    exchange = ask_one(make_model(server), make_inquiry(), make_options(deadline_s=0.9), nap=nap)
    assert exchange.failure is not None and exchange.failure.reason == "rate-limited"
    assert (nap.slept, server.ledger.requests) == ([], 1)


def test_a_deadline_ends_a_call(server: FakeLlm) -> None:
    """A call that is in flight at the deadline ends as a time-out."""
    server.script = always("hang")
    exchange = ask_one(make_model(server), make_inquiry(), make_options(deadline_s=0.3, timeout_s=600.0))
    assert exchange.failure is not None and exchange.failure.reason == "timeout"
    assert (exchange.lost, server.ledger.requests) == (1, 1)


@pytest.mark.parametrize("concurrency", [1, 5])
def test_calls_in_flight_are_bounded(concurrency: int, server: FakeLlm) -> None:
    """As many calls are in flight as allowed, and never more."""
    server.latency_s = 0.03
    ask_all(make_model(server), [make_inquiry(n) for n in range(20)], make_options(concurrency=concurrency))
    assert server.ledger.most_open == concurrency


def test_what_is_answered_is_not_asked_again(server: FakeLlm, tmp_path: Path) -> None:
    """A second run finds every answer in the file, with what it cost, and asks nothing."""
    options = make_options(cache=tmp_path / "kept", price=Price(input=1.0, output=2.0))
    inquiries = [make_inquiry(n) for n in range(5)]
    before = ask_all(make_model(server), inquiries, options)
    after = ask_all(make_model(server), inquiries, options)
    assert server.ledger.requests == 5
    for old, new in zip(before, after, strict=True):
        assert isinstance(old, Exchange) and isinstance(new, Exchange)
        assert (old.cached, new.cached) == (False, True)
        assert (old.answer, old.tokens, old.cost_usd) == (new.answer, new.tokens, new.cost_usd)
        assert new.cost_usd


def test_twins_are_asked_once(server: FakeLlm) -> None:
    """The same question from ten places at once is one call."""
    server.latency_s = 0.05
    outcomes = ask_all(make_model(server), [make_inquiry()] * 10, make_options())
    assert server.ledger.requests == 1
    assert [isinstance(each, Exchange) and each.cached for each in outcomes] == [False] + [True] * 9


def test_samples_are_asked_each(server: FakeLlm) -> None:
    """Votes are answers of their own."""
    ask_all(make_model(server), [make_inquiry()], make_options(), samples=range(3))
    assert server.ledger.requests == 3


def test_another_way_of_asking_is_another_question(server: FakeLlm, tmp_path: Path) -> None:
    """Model, protocol, effort, limit and text are in the key; a longer time-out is not."""
    kept = tmp_path / "kept"
    model = make_model(server)
    ask_one(model, make_inquiry(), make_options(cache=kept))
    for changed in ({}, {"timeout_s": 7.0}, {"concurrency": 3}):
        assert ask_one(model, make_inquiry(), make_options(cache=kept, **changed)).cached
    assert not ask_one(model, make_inquiry(), make_options(cache=kept, effort="low")).cached
    assert not ask_one(model, make_inquiry(), make_options(cache=kept, max_output_tokens=999)).cached
    assert not ask_one(model, make_inquiry(1), make_options(cache=kept)).cached
    assert not ask_one(make_model(server, "openai-chat"), make_inquiry(), make_options(cache=kept)).cached


@pytest.mark.parametrize(
    ("fault", "is_asked"), [("503", True), ("400", True), ("refusal", False), ("wrong-enum", False)]
)
def test_what_is_final(fault: str, is_asked: bool, server: FakeLlm, tmp_path: Path) -> None:
    """A reply that was paid for is final, good or bad; a call that cost nothing is made again by the next run."""
    options = make_options(cache=tmp_path / "kept")
    server.script = always(fault)
    failed = ask_one(make_model(server), make_inquiry(), options)
    server.script = always(None)
    before = server.ledger.requests
    exchange = ask_one(make_model(server), make_inquiry(), options)
    assert server.ledger.requests - before == is_asked
    assert (exchange.answer is not None) == is_asked
    assert is_asked or exchange.failure == failed.failure


def test_a_second_try_goes_on_after_a_restart(server: FakeLlm, tmp_path: Path) -> None:
    """A run that ended between a cut-off reply and the second try asks only for the second, with twice the limit."""
    options, model, inquiry = make_options(cache=tmp_path / "kept"), make_model(server), make_inquiry()
    server.script = first("truncated", *["503"] * QUESTIONS.tries)
    stopped = ask_one(model, inquiry, options)
    assert stopped.failure is not None and stopped.failure.reason == "server-error"
    before = server.ledger.requests
    exchange = ask_one(model, inquiry, options)
    assert exchange.answer and exchange.tokens.reasoning == 80, "both replies are counted"
    assert [event.max_output_tokens for event in server.ledger.events[before:]] == [2000]


@pytest.mark.parametrize(("key", "fault"), [(UNKNOWN_KEY, None), ("good", "unknown-model"), ("good", "quota")])
def test_an_unusable_model_stops_at_once(
    key: str, fault: str | None, server: FakeLlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 200 questions only the calls in flight were made; one message names the model and the next step."""
    monkeypatch.setenv("OPENAI_API_KEY", key)
    server.script = always(fault)
    with pytest.raises(JudgeUnusable, match="then give the command again") as caught:
        ask_all(make_model(server), [make_inquiry(n) for n in range(200)], make_options(concurrency=4))
    assert server.ledger.requests <= 4
    assert str(caught.value).count("openai:fake") == 1
    assert key not in str(caught.value)


def test_calls_in_flight_are_kept_when_the_model_stops(server: FakeLlm, tmp_path: Path) -> None:
    """When the credit runs out, what was in flight is waited for and kept, and nothing more is sent."""

    def script(request: Request) -> str | None:
        return "quota" if request.number == 3 else None

    server.script = script
    server.latency_s = 0.3
    options = make_options(cache=tmp_path / "kept", concurrency=4)
    model, inquiries = make_model(server), [make_inquiry(n) for n in range(30)]
    with pytest.raises(JudgeUnusable):
        ask_all(model, inquiries, options)
    assert server.ledger.requests == 4
    with CallStore(options.cache) as store:
        states = [a.state for inquiry in inquiries for a in store.attempts(question_key(model, options, inquiry, 0))]
    assert sorted(states) == ["answered"] * 3 + ["failed"]


def test_nobody_sleeps_on_when_the_model_stops(server: FakeLlm) -> None:
    """A question that waits to be tried again stops as soon as another finds the model unusable."""
    server.script = lambda request: "429" if request.number == 0 else "quota"

    async def for_ever(seconds: float) -> None:
        await asyncio.sleep(3600)

    async def run() -> list[BaseException | object]:
        asker = Asker(make_model(server), make_options(), CallStore(None), SpendingLimit(None), sleep=for_ever)
        waiting = asyncio.create_task(asker.ask(make_inquiry(0), 0))
        while not server.ledger.events:
            await asyncio.sleep(0.01)
        outcomes = await asyncio.gather(asker.ask(make_inquiry(1), 0), waiting, return_exceptions=True)
        await asker.close()
        return list(outcomes)

    assert [type(each) for each in asyncio.run(asyncio.wait_for(run(), 20))] == [JudgeUnusable] * 2


def test_the_first_question_of_a_case_goes_ahead(server: FakeLlm) -> None:
    """Questions with one long prefix: the first alone, then all the others, each with the prefix from the cache."""
    server.latency_s = 0.05
    inquiries = [make_inquiry(n, case=case, prefix=9000) for case in "ab" for n in range(5)]
    ask_all(make_model(server), inquiries, make_options(concurrency=10))
    cached = [event.cached > 0 for event in server.ledger.events]
    assert cached == [False] * 2 + [True] * 8


def test_a_short_prefix_is_not_waited_for(server: FakeLlm) -> None:
    """What no provider would cache holds nothing up."""
    server.latency_s = 0.1
    ask_all(make_model(server), [make_inquiry(n, prefix=1000) for n in range(5)], make_options())
    assert server.ledger.most_open == 5


def test_the_first_question_is_not_waited_for_long(server: FakeLlm, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first call that takes its time holds the others up for a moment only."""
    monkeypatch.setattr(asker, "WARM_WAIT_S", 0.05)
    server.script = lambda request: "hang" if request.number == 0 else None
    inquiries = [make_inquiry(n, prefix=9000) for n in range(3)]
    outcomes = ask_all(make_model(server), inquiries, make_options(timeout_s=1.5))
    assert [bool(isinstance(each, Exchange) and each.answer) for each in outcomes] == [True] * 3
    assert [event.fault for event in server.ledger.events][:2] == ["hang", "ok"]


def test_a_budget_stops_before_the_next_call(server: FakeLlm) -> None:
    """What is spent stays below the limit; the other questions say that they were not asked, and why."""
    options = make_options(max_cost=0.008, price=Price(input=1.0, output=2.0))
    budget = SpendingLimit(options.max_cost)
    outcomes = ask_all(make_model(server), [make_inquiry(n) for n in range(50)], options, budget=budget)
    exchanges = [each for each in outcomes if isinstance(each, Exchange)]
    left = [each for each in outcomes if isinstance(each, Unasked)]
    assert {each.reason for each in left} == {"max-cost"}
    assert len(exchanges) == server.ledger.requests > 0 and len(left) == 50 - len(exchanges)
    assert 0 < budget.spent <= 0.008
    assert budget.spent == pytest.approx(sum(each.cost_usd or 0 for each in exchanges))
    assert budget.reserved == 0


@pytest.mark.parametrize(("fault", "share"), [("503", 0.0), ("hang", 1.0)])
def test_what_a_failed_call_takes_from_the_budget(fault: str, share: float, server: FakeLlm) -> None:
    """An error of the server costs nothing; a reply that never came is booked at the most that it may have cost."""
    options = make_options(max_cost=1.0, price=Price(input=1.0, output=2.0), timeout_s=0.2)
    budget = SpendingLimit(options.max_cost)
    server.script = always(fault)
    ask_one(make_model(server), make_inquiry(tokens=2000), options, budget=budget)
    assert budget.spent == pytest.approx(share * QUESTIONS.tries * 0.004)


def test_an_interrupted_call_is_counted_and_asked_again(server: FakeLlm) -> None:
    """What was in flight at an interrupt is lost, and said to be; the next ask calls again."""
    server.script = lambda request: "hang" if request.number == 0 else None

    async def run() -> Exchange | Unasked:
        asker = Asker(make_model(server), make_options(), CallStore(None), SpendingLimit(None))
        task = asyncio.create_task(asker.ask(make_inquiry(), 0))
        while not server.ledger.events:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        outcome = await asker.ask(make_inquiry(), 0)
        assert (asker.asked, asker.kept, asker.lost) == (1, 0, 1)
        await asker.close()
        return outcome

    outcome = asyncio.run(run())
    assert isinstance(outcome, Exchange) and outcome.answer
    assert (outcome.attempts, outcome.lost) == (2, 1)


def test_a_question_in_a_batch_is_not_asked(server: FakeLlm) -> None:
    """What a batch has sent is not paid for once more."""
    options, model, inquiry = make_options(), make_model(server), make_inquiry()
    key = question_key(model, options, inquiry, 0)
    with CallStore(None) as store:
        store.begin(key, 1, model="m", custom_id="c", max_output_tokens=1, owner="batch:1")
        (outcome,) = ask_all(model, [inquiry], options, store=store)
    assert isinstance(outcome, Unasked) and outcome.reason == "in-batch"
    assert server.ledger.requests == 0


def test_two_askers_on_one_file(server: FakeLlm, tmp_path: Path) -> None:
    """Two runs with the same questions at the same time pay for each once, and both get all answers."""
    server.latency_s = 0.02
    model, options = make_model(server), make_options(concurrency=4)
    inquiries = [make_inquiry(n) for n in range(30)]

    async def run() -> list[list[Exchange | Unasked]]:
        with CallStore(tmp_path / "kept") as first_store, CallStore(tmp_path / "kept") as second_store:
            askers = [Asker(model, options, store, SpendingLimit(None)) for store in (first_store, second_store)]
            outcomes = await asyncio.gather(*(asyncio.gather(*(a.ask(i, 0) for i in inquiries)) for a in askers))
            for asker in askers:
                await asker.close()
            assert sum(asker.asked for asker in askers) == sum(asker.kept for asker in askers) == 30
            return [list(each) for each in outcomes]

    outcomes = asyncio.run(run())
    assert server.ledger.requests == 30
    assert all(isinstance(each, Exchange) and each.answer for run_ in outcomes for each in run_)


def test_a_call_of_another_run_holds_nobody_up(server: FakeLlm, tmp_path: Path) -> None:
    """A question that another run is faster with gives its place among the calls in flight to the next."""
    options, model = make_options(concurrency=1), make_model(server)
    key = question_key(model, options, make_inquiry(1), 0)
    server.held_from = 0

    async def run(ours: CallStore, theirs: CallStore) -> None:
        asker = Asker(model, options, ours, SpendingLimit(None))
        first, second, third = (asyncio.create_task(asker.ask(make_inquiry(n), 0)) for n in range(3))
        while not server.ledger.requests:
            await asyncio.sleep(0.01)
        assert theirs.begin(key, 1, model="m", custom_id="c", max_output_tokens=1)  # while it waits for its turn
        server.held_from = math.inf
        await asyncio.wait_for(asyncio.gather(first, third), 20)
        assert not second.done()
        (attempt,) = ours.attempts(question_key(model, options, make_inquiry(0), 0))
        theirs.answer(key, 1, attempt.payload or "")
        outcome = await asyncio.wait_for(second, 20)
        assert isinstance(outcome, Exchange) and outcome.answer and outcome.cached
        await asker.close()

    with CallStore(tmp_path / "kept") as ours, CallStore(tmp_path / "kept") as theirs:
        asyncio.run(run(ours, theirs))
    assert server.ledger.requests == 2


def test_a_call_on_another_machine_is_waited_for_until_its_time_is_over(server: FakeLlm) -> None:
    """An owner that cannot be seen is believed as long as its call may last, and taken for dead after that."""
    options, model, inquiry = make_options(), make_model(server), make_inquiry()
    owner = this_process().replace('"place": "', '"place": "elsewhere ')
    with CallStore(None) as store:
        key = question_key(model, options, inquiry, 0)
        store.begin(key, 1, model="m", custom_id="c", max_output_tokens=1, owner=owner, lease_s=0.5)
        began = time.monotonic()
        exchange = ask_one(model, inquiry, options, store=store)
    assert exchange.answer and (exchange.attempts, exchange.lost) == (2, 1)
    assert time.monotonic() - began >= 0.45


def test_a_locked_file_does_not_hold_up_calls_in_flight(server: FakeLlm, tmp_path: Path) -> None:
    """While another program keeps the file locked, the event loop goes on; what waits for the file is written then."""
    options, model = make_options(cache=tmp_path / "kept"), make_model(server)

    async def longest_pause(work: asyncio.Task[Exchange | Unasked]) -> float:
        longest, last = 0.0, time.monotonic()
        while not work.done():
            await asyncio.sleep(0.005)
            now = time.monotonic()
            longest, last = max(longest, now - last), now
        return longest

    async def run(other: sqlite3.Connection) -> tuple[float, float]:
        with CallStore(options.cache) as store:
            asker = Asker(model, options, store, SpendingLimit(None))
            await asker.ask(make_inquiry(0), 0)  # imports and connections
            other.execute("BEGIN EXCLUSIVE")
            began = time.monotonic()
            asyncio.get_running_loop().call_later(1.0, other.execute, "ROLLBACK")
            work = asyncio.create_task(asker.ask(make_inquiry(1), 0))
            longest = await longest_pause(work)
            assert isinstance(await work, Exchange)
            took = time.monotonic() - began
            await asker.close()
            return longest, took

    CallStore(options.cache).close()
    other = sqlite3.connect(tmp_path / "kept", isolation_level=None)
    longest, took = asyncio.run(run(other))
    other.close()
    assert took >= 1.0 > longest + 0.3


def test_a_store_that_breaks_stops_the_run(server: FakeLlm, tmp_path: Path) -> None:
    """A reply that cannot be kept is an error of its own, not a judgement."""
    options = make_options(cache=tmp_path / "kept")
    server.latency_s = 0.2

    async def run() -> None:
        with CallStore(options.cache) as store:
            asker = Asker(make_model(server), options, store, SpendingLimit(None))
            task = asyncio.create_task(asker.ask(make_inquiry(), 0))
            while not server.ledger.open_now:
                await asyncio.sleep(0.01)
            with store.transaction() as connection:
                connection.execute("DROP TABLE attempts")
            try:
                await task
            finally:
                await asker.close()

    with pytest.raises(OutputError, match="choose another with --cache"):
        asyncio.run(run())
