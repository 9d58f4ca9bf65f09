"""Batches of both providers through the real SDKs: nothing is sent twice, and replies are read like any others."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from asking_kit import expected, make_model, make_options, tell_apart
from batch_kit import run_batch, start_run
from fake_batches import FakeBatch, FakeBatches, Outcome, Step, batch_server
from fake_llm import FakeLlm, always, first
from fake_replies import GOOD, Reply, Request, faults_of
from forked import Forked
from inquiry_kit import make_inquiry

from judge.errors import JudgeUnusable
from judge.llm.batches.batch_asker import SETTLING_S
from judge.llm.calls.asker import Asker
from judge.llm.calls.call_store import CallStore
from judge.llm.calls.exchange import Exchange
from judge.llm.calls.pricing import price_of, worst_cost
from judge.llm.calls.spending_limit import SpendingLimit
from judge.llm.options import Price
from judge.llm.providers.anthropic import batch as anthropic
from judge.llm.providers.discovery import all_protocols
from judge.llm.providers.model import Model
from judge.llm.providers.openai import batch as openai
from judge.llm.voting import Unasked

Served = tuple[FakeLlm, FakeBatches]
PROTOCOL_NAMES = tuple(all_protocols())
PRICE = Price(input=1.0, output=2.0)
ODD = "a\u2028b\u0085c\x0bd"


@pytest.fixture
def served() -> Iterator[Served]:
    """A server whose batches end when the test says so."""
    with batch_server(answer=tell_apart) as (server, batches):
        yield server, batches


@pytest.fixture(params=["openai-responses", "anthropic-messages"])
def model(request: pytest.FixtureRequest, served: Served) -> Model:
    """A model of either provider."""
    return make_model(served[0], request.param)


def finish(model: Model, store: Path, batches: FakeBatches, count: int = 4) -> list[str | None]:
    """Let all batches end and run until every question has come to an end; return the texts of the answers."""
    notes: Sequence[str] = ()
    for _ in range(6):
        batches.end()
        run = run_batch(model, store, range(count), later=SETTLING_S + 1)
        if not run.waiting:
            return [exchange.reply.text if exchange.answer and exchange.reply else None for exchange in run.exchanges]
        notes = run.asker.notes
    raise AssertionError(f"still waiting: {notes}")


def once_each(batches: FakeBatches, count: int = 4) -> bool:
    """Whether every question was put into exactly one batch."""
    return sorted(batches.questions().values()) == [1] * count


# The way there and back


@pytest.mark.parametrize("protocol", PROTOCOL_NAMES)
def test_submit_leave_come_back_collect(protocol: str, served: Served, tmp_path: Path) -> None:
    """The first run submits, one in between finds it open, the last one collects; each answer reaches its question."""
    server, batches = served
    model, store = make_model(server, protocol), tmp_path / "kept.db"
    sent = run_batch(model, store)
    assert (sent.waiting, sent.asker.asked) == (["in-batch"] * 4, 4)
    assert sent.asker.notes == (
        f"submitted 4 questions in batch {sent.sent[0].batch_id}; run the same command again to collect",
    )
    between = run_batch(model, store)
    assert (between.waiting, len(between.report.open), between.sent) == (["in-batch"] * 4, 1, ())
    batches.end()
    collected = run_batch(model, store)
    assert collected.report.done == 4
    assert [exchange.reply.text for exchange in collected.exchanges if exchange.reply] == [
        expected(n) for n in range(4)
    ]
    assert once_each(batches)


def test_a_collected_batch_is_collected_once(model: Model, served: Served, tmp_path: Path) -> None:
    """Later runs answer from the store: they make no call at all and spend nothing."""
    _, batches = served
    run_batch(model, tmp_path / "kept.db")
    finish(model, tmp_path / "kept.db", batches)
    calls = len(batches.calls)
    again = run_batch(model, tmp_path / "kept.db")
    assert len(again.exchanges) == 4
    assert (len(batches.calls), again.asker.spent_usd, again.asker.kept) == (calls, 0.0, 4)


def test_several_batches_are_collected_together(model: Model, served: Served, tmp_path: Path) -> None:
    """Questions that came later go into a batch of their own; one run collects all that are ready."""
    _, batches = served
    run_batch(model, tmp_path / "kept.db", range(2))
    assert run_batch(model, tmp_path / "kept.db", range(4)).asker.asked == 2
    batches.batches[0].ready_at = 0.0
    partly = run_batch(model, tmp_path / "kept.db", range(4))
    assert (partly.report.done, len(partly.exchanges), len(partly.report.open)) == (2, 2, 1)
    assert finish(model, tmp_path / "kept.db", batches) == [expected(number) for number in range(4)]
    assert once_each(batches)


def test_a_price_for_batches(served: Served, tmp_path: Path) -> None:
    """What a batch's reply cost is reckoned with the price of batches: half of the other."""
    server, batches = served
    model = Model(provider="openai", name="gpt-5", protocol="openai-chat", base_url=server.v1)
    options = make_options(batch=True, price=PRICE)
    run_batch(model, tmp_path / "kept.db", options=options)
    batches.end()
    collected = run_batch(model, tmp_path / "kept.db", options=options)
    costs = [exchange.cost_usd for exchange in collected.exchanges]
    assert None not in costs
    assert collected.asker.spent_usd == pytest.approx(sum(cost or 0.0 for cost in costs))
    assert (collected.asker.spent_usd or 0.0) > 0


# Replies and results


def test_a_cut_off_reply_goes_into_the_next_batch(model: Model, served: Served, tmp_path: Path) -> None:
    """A line that succeeded may hold a truncated reply: it is asked again with twice the limit, and once only."""
    server, batches = served
    server.script = first("truncated", "truncated", "truncated")
    run_batch(model, tmp_path / "kept.db", [0])
    batches.end()
    second = run_batch(model, tmp_path / "kept.db", [0])
    assert second.waiting == ["in-batch"]
    limits = {"max_output_tokens", "max_tokens"}
    bodies = [batch.requests[0].get("body") or batch.requests[0]["params"] for batch in batches.batches]
    assert [body[name] for body in bodies for name in limits & set(body)] == [1000, 2000]
    batches.end()
    third = run_batch(model, tmp_path / "kept.db", [0])
    assert [exchange.failure.reason for exchange in third.exchanges if exchange.failure] == ["truncated"]
    assert third.exchanges[0].tokens.output is not None
    assert len(batches.batches) == 2


CONNECTION = frozenset({"hang", "reset", "close", "reset-mid-body", "html", "cut-json", "empty-body", "json-string"})
"""Faults that a line of a file cannot have."""
FATAL_FAULTS = ("401", "403", "404", "unknown-model", "quota")


def fault_of(request: Request, faults: Sequence[str]) -> str | None:
    """Give question number n the nth fault."""
    number = int(request.user.split("Candidate ")[1].split(":")[0])
    return faults[number] if number < len(faults) else None


@pytest.mark.parametrize("protocol", PROTOCOL_NAMES)
def test_no_fault_in_a_batch_makes_an_answer(protocol: str, served: Served, tmp_path: Path) -> None:
    """Every fault that a line can have, all in one batch: no answer comes of any, and each comes to an end or waits."""
    server, batches = served
    faults = [fault for fault in faults_of(protocol) if fault not in CONNECTION and fault not in FATAL_FAULTS]
    server.script = lambda request: fault_of(request, faults)
    numbers = range(len(faults) + 1)
    model = make_model(server, protocol)
    runs = []
    for _ in range(3):
        runs.append(run_batch(model, tmp_path / "kept.db", numbers))
        batches.end()
    run = runs[-1]
    outcomes = dict(zip(numbers, run.outcomes, strict=True))
    answered = {n for n, outcome in outcomes.items() if isinstance(outcome, Exchange) and outcome.answer}
    assert answered == {len(faults), *(faults.index(fault) for fault in GOOD)}
    waiting = {faults[n] for n, outcome in outcomes.items() if isinstance(outcome, Unasked)}
    assert len(run.exchanges) + len(waiting) == len(numbers)
    assert waiting <= {"failed", "408", "409", "429", "429-retry-after", "429-retry-after-ms", "429-stop"} | {
        *("500", "503", "529", "error-200", "no-choices")
    }


@pytest.mark.parametrize("fault", FATAL_FAULTS)
def test_a_line_that_no_other_could_pass(fault: str, model: Model, served: Served, tmp_path: Path) -> None:
    """A line that failed for the key, the model's name or credit stops the run; the others' replies are kept."""
    server, batches = served
    server.script = lambda request: fault_of(request, [fault])
    run_batch(model, tmp_path / "kept.db")
    batches.end()
    with pytest.raises(JudgeUnusable, match=model.spec):
        run_batch(model, tmp_path / "kept.db")
    server.script = always(None)
    assert run_batch(model, tmp_path / "kept.db").asker.kept == 3
    assert finish(model, tmp_path / "kept.db", batches) == [expected(number) for number in range(4)]


def _plain_question(protocol: str) -> tuple[str, dict[str, object]]:
    body = all_protocols()[protocol].body(make_inquiry(9), model="fake", max_output_tokens=1000, effort=None)
    return all_protocols()[protocol].ENDPOINT, body


@pytest.mark.parametrize(
    ("outcome", "failure", "sent_again"),
    [("expired", None, True), ("canceled", None, True), ("left-out", None, True), ("error", "bad-request", False)],
)
def test_lines_without_a_reply(
    outcome: Outcome, failure: str | None, sent_again: bool, model: Model, served: Served, tmp_path: Path
) -> None:
    """What expired, was cancelled or is missing is sent again; what was refused for itself fails, and is not."""
    _, batches = served
    batches.outcome = lambda number: outcome if number == 1 else "done"
    run_batch(model, tmp_path / "kept.db")
    batches.end()
    second = run_batch(model, tmp_path / "kept.db")
    assert second.report.done == 3
    assert second.report.lost == second.asker.lost == (outcome == "left-out")
    assert second.waiting == (["in-batch"] if sent_again else [])
    assert len(batches.batches) == (2 if sent_again else 1)
    batches.outcome = lambda number: "done"
    texts = finish(model, tmp_path / "kept.db", batches)
    assert texts == [expected(0), expected(1) if sent_again else None, expected(2), expected(3)]
    assert [exchange.failure.reason for exchange in second.exchanges if exchange.failure] == (
        [failure] if failure else []
    )


def test_results_that_break_off_are_read_again(model: Model, served: Served, tmp_path: Path) -> None:
    """A connection that breaks amid the results costs nothing: they are read again, and counted once."""
    _, batches = served
    run_batch(model, tmp_path / "kept.db")
    batches.end()
    broken: list[Step] = []

    def break_off(step: Step, after: bool) -> Reply | None:
        if step == "results" and after and len(broken) < 2:
            broken.append(step)
            return Reply(act="reset-mid-body")
        return None

    batches.on = break_off
    run = run_batch(model, tmp_path / "kept.db", options=make_options(batch=True, price=PRICE))
    assert (len(broken), run.report.done, len(run.exchanges)) == (2, 4, 4)
    assert run.asker.spent_usd == pytest.approx(sum(exchange.cost_usd or 0.0 for exchange in run.exchanges))


def test_odd_characters_in_results(model: Model, served: Served, tmp_path: Path) -> None:
    """Lines are split at line feeds only: other line ends of Unicode stand in texts."""
    server, batches = served
    server.answer = lambda request: {**dict(tell_apart(request)), "human_change": ODD}
    run_batch(model, tmp_path / "kept.db")
    texts = finish(model, tmp_path / "kept.db", batches)
    assert all(text and json.loads(text)["human_change"] == ODD for text in texts)


def test_lines_of_others_are_left_alone(model: Model, served: Served, tmp_path: Path) -> None:
    """A result for a question that nobody asked here is counted and thrown away."""
    _, batches = served
    run_batch(model, tmp_path / "kept.db")
    batches.batches[0].requests.append({**batches.batches[0].requests[0], "custom_id": "somebody-elses"})
    batches.end()
    run = run_batch(model, tmp_path / "kept.db")
    assert (run.report.foreign, run.report.done) == (1, 4)


# Sending


STEPS: tuple[Step, ...] = ("create", "look", "results", "list")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("protocol", "step"),
    [("openai-responses", "upload"), *((protocol, step) for protocol in PROTOCOL_NAMES[::2] for step in STEPS)],
)
def test_killed_at_every_step(protocol: str, step: Step, after: bool, served: Served, tmp_path: Path) -> None:
    """A run that is killed while it makes a call, carried out or not, is taken up by the next: each question once."""
    server, batches = served
    model, store = make_model(server, protocol), tmp_path / "kept.db"
    if step in ("look", "results"):
        run_batch(model, store)
        batches.end()
    if step == "list":
        _kill_at(batches, "create", True, model, store)
    _kill_at(batches, step, after, model, store)
    assert finish(model, store, batches) == [expected(number) for number in range(4)]
    assert once_each(batches)


def _kill_at(batches: FakeBatches, step: Step, after: bool, model: Model, store: Path) -> None:
    """Make a run in a child that is killed by the server as soon as it makes a certain call."""
    child: list[Forked] = []

    def kill(now: Step, carried_out: bool) -> Reply | None:
        if (now, carried_out) != (step, after) or child[0].poll() is not None:
            return None
        child[0].kill()
        return Reply(act="close")

    batches.on = kill
    child.append(start_run(model, store, 4))
    assert child[0].wait(60) == -signal.SIGKILL, f"it never came to {step}"
    batches.on = lambda step, after: None


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_killed_at_random_again_and_again(seed: int, model: Model, served: Served, tmp_path: Path) -> None:
    """However often runs are killed, in the end every question was put into one batch and has its own answer."""
    _, batches = served
    dice = random.Random(seed)
    store = tmp_path / "kept.db"
    batches.on = lambda step, after: time.sleep(0.01)  # else most would be done before they are killed
    ended = []
    for _ in range(6):
        calls = len(batches.calls)
        child = start_run(model, store, 40, later=SETTLING_S + 1)
        while len(batches.calls) == calls and child.poll() is None:
            time.sleep(0.002)
        time.sleep(dice.uniform(0, 0.06))
        ended.append(child.kill())
        if dice.random() < 0.5:
            batches.end()
    assert -signal.SIGKILL in ended
    assert finish(model, store, batches, 40) == [expected(number) for number in range(40)]
    assert once_each(batches, 40)


def test_two_processes_at_once(model: Model, served: Served, tmp_path: Path) -> None:
    """Two runs of the same command submit every question once between them."""
    _, batches = served
    children = [start_run(model, tmp_path / "kept.db", 30) for _ in range(2)]
    assert [child.wait(60) for child in children] == [0, 0]
    assert once_each(batches, 30)


def test_it_is_not_sent_again_while_it_may_turn_up(model: Model, served: Served, tmp_path: Path) -> None:
    """A batch that the provider does not list stays open until it can have arrived no more."""
    _, batches = served
    _kill_at(batches, "create", False, model, tmp_path / "kept.db")
    soon = run_batch(model, tmp_path / "kept.db")
    assert (soon.waiting, batches.batches) == (["in-batch"] * 4, [])
    assert "the provider does not list it, look again in" in soon.asker.notes[0]
    late = run_batch(model, tmp_path / "kept.db", later=SETTLING_S + 1)
    assert (late.asker.asked, len(batches.batches)) == (4, 1)


@pytest.mark.parametrize("arrived", [False, True])
def test_a_server_error_may_hide_a_batch(arrived: bool, model: Model, served: Served, tmp_path: Path) -> None:
    """After an error 500 nobody knows: the batch is looked for, and never sent twice."""
    _, batches = served
    errors = iter([Reply(status=500, body={"error": {"type": "api_error", "message": "internal"}})])
    batches.on = lambda step, after: next(errors, None) if (step, after) == ("create", arrived) else None
    run_batch(model, tmp_path / "kept.db")
    assert len(batches.batches) == arrived
    assert finish(model, tmp_path / "kept.db", batches) == [expected(number) for number in range(4)]
    assert once_each(batches)


def test_rate_limits_are_waited_out(model: Model, served: Served, tmp_path: Path) -> None:
    """A batch that was turned away with 429 certainly does not exist: it is sent again, after the wait asked for."""
    _, batches = served
    body = {"error": {"type": "rate_limit_error", "message": "slow down"}}
    answers = iter([Reply(status=429, body=body, headers={"retry-after": "7"})] * 2)
    batches.on = lambda step, after: next(answers, None) if (step, after) == ("create", False) else None
    slept: list[float] = []

    async def nap(seconds: float) -> None:
        slept.append(seconds)

    run = run_batch(model, tmp_path / "kept.db", nap=nap)
    assert (run.asker.asked, len(batches.batches)) == (4, 1)
    assert len(slept) == 2 and min(slept) >= 7


def test_a_key_that_does_not_hold(model: Model, served: Served, tmp_path: Path) -> None:
    """An invalid key stops the run with one message; nothing counts as sent, and a good key sends it."""
    _, batches = served
    body = {"error": {"type": "authentication_error", "code": "invalid_api_key", "message": "no such key"}}
    refusals = iter([Reply(status=401, body=body)])
    batches.on = lambda step, after: next(refusals, None) if step == "create" else None
    with pytest.raises(JudgeUnusable, match=f"{model.spec}: a batch of 4 questions was not taken.*no such key"):
        run_batch(model, tmp_path / "kept.db")
    assert run_batch(model, tmp_path / "kept.db").asker.asked == 4
    assert once_each(batches)


def test_a_refused_batch_gives_its_questions_back(served: Served, tmp_path: Path) -> None:
    """A batch that OpenAI refuses after the fact stops the run and says why; the next run sends its questions."""
    server, batches = served
    model = make_model(server)
    run_batch(model, tmp_path / "kept.db")
    batches.batches[0].failed = "Enqueued token limit reached"
    with pytest.raises(JudgeUnusable, match="refused batch batch_1: Enqueued token limit reached"):
        run_batch(model, tmp_path / "kept.db")
    assert run_batch(model, tmp_path / "kept.db").asker.asked == 4


def test_a_batch_that_the_key_cannot_see(model: Model, served: Served, tmp_path: Path) -> None:
    """A batch that is not there under this key is not taken for lost: it may be there under another."""
    _, batches = served
    run_batch(model, tmp_path / "kept.db")
    gone, batches.batches[:] = batches.batches[0], []
    with pytest.raises(JudgeUnusable, match=gone.id):
        run_batch(model, tmp_path / "kept.db")
    batches.batches.append(gone)
    assert finish(model, tmp_path / "kept.db", batches) == [expected(number) for number in range(4)]


# Strangers


def test_a_strangers_batch_is_not_taken_for_ours(served: Served, tmp_path: Path) -> None:
    """Without metadata a batch of the same size may be ours: only its results tell, and until then nothing is sent."""
    server, batches = served
    model = make_model(server, "anthropic-messages")
    _kill_at(batches, "create", False, model, tmp_path / "kept.db")
    batches.batches.append(_strangers(4))
    unsure = run_batch(model, tmp_path / "kept.db", later=SETTLING_S + 1)
    assert (unsure.waiting, len(batches.batches)) == (["in-batch"] * 4, 1)
    assert "it may be msgbatch_stranger, which shows once that has ended" in unsure.asker.notes[0]
    batches.end()
    certain = run_batch(model, tmp_path / "kept.db", later=SETTLING_S + 1)
    assert (certain.asker.asked, certain.report.foreign, certain.asker.lost, len(batches.batches)) == (4, 0, 0, 2)


def test_ours_is_found_among_strangers(served: Served, tmp_path: Path) -> None:
    """Among ended batches of the same size and others, the one with our mark is ours."""
    server, batches = served
    model = make_model(server, "anthropic-messages")
    _kill_at(batches, "create", True, model, tmp_path / "kept.db")
    ours = batches.batches[0]
    batches.batches[:] = [_strangers(4, "x"), _strangers(3, "y"), ours, _strangers(4, "z"), _strangers(5, "w")]
    batches.end()
    run = run_batch(model, tmp_path / "kept.db")
    assert (run.report.done, len(run.exchanges), len(batches.batches)) == (4, 4, 5)


def _strangers(size: int, name: str = "stranger") -> FakeBatch:
    _, body = _plain_question("anthropic-messages")
    requests = [{"custom_id": f"{name}-{number}", "params": body} for number in range(size)]
    return FakeBatch(
        id=f"msgbatch_{name}", provider="anthropic", requests=requests, created_at=time.time(), ready_at=None
    )


# Limits


def test_the_documented_limits_are_kept() -> None:
    """50,000 requests and 200 MB at OpenAI, 100,000 and 256 MB at Anthropic."""
    assert (openai.MOST_REQUESTS, anthropic.MOST_REQUESTS) == (50_000, 100_000)
    assert openai.MOST_BYTES < 200 * 10**6
    assert anthropic.MOST_BYTES < 256 * 10**6


def test_a_run_stops_at_its_budget(served: Served, tmp_path: Path) -> None:
    """Lines are added as long as the worst that all of them can cost fits; an open batch counts in the next run too."""
    server, batches = served
    model = make_model(server)
    options = make_options(batch=True, price=PRICE, max_cost=0.0)
    worst = worst_cost(price_of(model, options), input_tokens=2000, max_output_tokens=1000) or 0.0
    options = make_options(batch=True, price=PRICE, max_cost=2.5 * worst)
    sent = run_batch(model, tmp_path / "kept.db", options=options)
    assert sent.waiting == ["in-batch", "in-batch", "max-cost", "max-cost"]
    again = run_batch(model, tmp_path / "kept.db", options=options)
    assert (again.waiting, again.sent) == (sent.waiting, ())
    batches.end()
    last = run_batch(model, tmp_path / "kept.db", options=options)
    assert last.waiting[0] == "in-batch"
    assert (last.asker.spent_usd or 0.0) + worst <= 2.5 * worst


def test_a_live_run_does_not_ask_what_is_in_a_batch(served: Served, tmp_path: Path) -> None:
    """Without `--batch` the same question is not paid for a second time while its batch is open."""
    server, _ = served
    model = make_model(server)
    run_batch(model, tmp_path / "kept.db", [0])

    async def ask(store: CallStore) -> object:
        asker = Asker(model, make_options(), store, SpendingLimit(None))
        try:
            return await asker.ask(make_inquiry(0), 0)
        finally:
            await asker.close()

    with CallStore(tmp_path / "kept.db") as store:
        outcome = asyncio.run(ask(store))
    assert isinstance(outcome, Unasked) and outcome.reason == "in-batch"
    assert server.ledger.requests == 0


def test_what_is_too_large_goes_into_several_batches(
    model: Model, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines go into one batch as long as their bytes are below the limit, which is made smaller here."""
    _, batches = served
    for api in (openai, anthropic):
        monkeypatch.setattr(api, "MOST_BYTES", 20_000_000)
    sent = run_batch(model, tmp_path / "kept.db", range(3), prefix=8_000_000)
    assert [ref.requests for ref in sent.sent] == [2, 1]
    assert once_each(batches, 3)
