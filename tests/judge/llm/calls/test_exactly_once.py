"""Hundreds of judgements, faults mixed in, kills, two runs at once: none is wrong, lost or paid for twice."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from asking_child import Child, start
from asking_kit import ask_all, expected, make_model, make_options, number_of, tell_apart
from fake_llm import Event, FakeLlm, Script, mix
from fake_replies import ABSENT, GOOD, Request, faults_of
from fault_table import row_of
from inquiry_kit import make_inquiry

from judge.llm.calls.call_store import Attempt, CallStore
from judge.llm.calls.exchange import Exchange, next_step, question_key
from judge.llm.reply import FATAL

QUESTIONS = 200
"""In each run: far more than are in flight, and enough that every fault is met."""
IN_FLIGHT = 16
PROTOCOLS = tuple(ABSENT)
SDKS = ("openai-responses", "anthropic-messages")
"""One protocol of each SDK: a kill does not ask how a reply is read."""
TRIED_AGAIN = ("truncated", "empty-truncated", "schema-invalid", "value-invalid", "units-invalid")


def passing_faults(protocol: str) -> tuple[str, ...]:
    """Every fault that does not end the whole run."""
    return tuple(fault for fault in faults_of(protocol) if row_of(fault, protocol).reason not in FATAL)


def each_then_mixed(faults: Sequence[str]) -> Script:
    """Return a script in which each fault meets the first try of one question, and half of all other calls one."""
    draw = mix(0.5, 7, faults)

    def script(request: Request) -> str | None:
        number = number_of(request)
        return faults[number] if request.seen == 0 and number < len(faults) else draw(request)

    return script


class Watched(FakeLlm):
    """A fake server that knows the questions of the kit by their numbers."""

    def __init__(self, script: Script | None = None, *, latency_s: float) -> None:
        super().__init__(answer=tell_apart, latency_s=latency_s, script=self._watch)
        self.numbers: dict[str, int] = {}
        self._held_until = 0
        self.faults = script or (lambda request: None)

    def _watch(self, request: Request) -> str | None:
        self.numbers[request.question] = number_of(request)
        if request.number + 1 == self._held_until:
            self.held_from = math.inf
        return self.faults(request)

    def hold_until(self, requests: int) -> None:
        """Reply to nobody until so many requests are there, so that as many are in flight at one time."""
        self.held_from, self._held_until = 0, requests

    def by_number(self, questions: int) -> list[list[Event]]:
        """Return what happened to each question, in order."""
        by_question: list[list[Event]] = [[] for _ in range(questions)]
        for event in sorted(self.ledger.events, key=lambda event: event.number):
            by_question[self.numbers[event.question]].append(event)
        return by_question


def usable(events: Sequence[Event]) -> int:
    """Return how many of these calls delivered a good answer."""
    return sum(event.delivered and event.fault in {"ok", *GOOD} for event in events)


def is_right(number: int, answer: object) -> bool:
    """Whether it is the answer to this question and no other."""
    return json.dumps(answer) == expected(number)


def expected_reason(faults: Sequence[str], protocol: str) -> str | None:
    """Return the reason that a question must end with that met these faults in order."""
    reasons = [row_of(fault, protocol).reason for fault in faults if fault != "ok"]
    if faults[-1] == "ok" or reasons[-1] is None:
        return None
    replies = [reason for reason in reasons if reason in TRIED_AGAIN]
    return replies[-1] if reasons[-1] == "bad-request" and replies else reasons[-1]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_fault_mixed_at_random(protocol: str) -> None:
    """Half of the calls faulty: an answer is the right one, a failure has the name of its fault.

    No time-outs, which a busy machine would bring by itself: see the next test.
    """
    faults = [fault for fault in passing_faults(protocol) if fault != "hang"]
    with Watched(each_then_mixed(faults), latency_s=0.0) as server:
        server.hold_until(IN_FLIGHT)
        inquiries = [make_inquiry(number) for number in range(QUESTIONS)]
        outcomes = ask_all(make_model(server, protocol), inquiries, make_options(concurrency=IN_FLIGHT, timeout_s=60.0))
    assert server.ledger.most_open == IN_FLIGHT
    assert {event.fault for event in server.ledger.events} == {"ok", *faults}, "each fault was played"
    for number, (exchange, events) in enumerate(zip(outcomes, server.by_number(QUESTIONS), strict=True)):
        assert isinstance(exchange, Exchange), "none is lost"
        reason = expected_reason([event.fault for event in events], protocol)
        assert (exchange.failure.reason if exchange.failure else None) == reason
        assert (exchange.answer is None) == (reason is not None)
        assert exchange.answer is None or is_right(number, exchange.answer.model_dump())
        assert exchange.attempts == len(events)
        assert usable(events) == (reason is None), "an answer that was delivered is used, none is paid for twice"
    answered = sum(isinstance(exchange, Exchange) and exchange.answer is not None for exchange in outcomes)
    assert QUESTIONS * 0.6 < answered < QUESTIONS


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_calls_that_hang(protocol: str) -> None:
    """A call without a reply is given up and made again; the answers that come are the right ones."""
    with Watched(lambda request: "hang" if request.seen == 0 else None, latency_s=0.0) as server:
        inquiries = [make_inquiry(number) for number in range(IN_FLIGHT)]
        options = make_options(concurrency=IN_FLIGHT, timeout_s=1.0)
        outcomes = ask_all(make_model(server, protocol), inquiries, options)
    for number, (exchange, events) in enumerate(zip(outcomes, server.by_number(IN_FLIGHT), strict=True)):
        assert isinstance(exchange, Exchange) and exchange.answer is not None
        assert is_right(number, exchange.answer.model_dump())
        assert events[0].fault == "hang" and exchange.attempts == len(events) == 1 + exchange.lost


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What is kept after a kill.

    Attributes:
        settled: by question that is settled, its number of calls.
        in_flight: calls without a reply.
    """

    settled: Mapping[int, int]
    in_flight: int


@dataclass
class Run:
    """Questions that are asked again and again by processes that are killed."""

    server: Watched
    kept: Path
    protocol: str
    children: list[Child] = field(default_factory=list)

    def start(self) -> Child:
        """Start to ask."""
        child = start(self.server.url, self.kept, protocol=self.protocol, questions=QUESTIONS, concurrency=IN_FLIGHT)
        self.children.append(child)
        return child

    def wait_for(self, requests: int, child: Child) -> None:
        """Wait until the server has had so many requests, or the child is done."""
        until = time.monotonic() + 120
        while self.server.ledger.requests < requests and child.process.poll() is None:
            assert time.monotonic() < until, "the child does not ask"
            time.sleep(0.002)

    def start_two(self) -> tuple[Child, Child]:
        """Start two that ask at the same time: each has as many calls in flight as it may, until `let_go`.

        One after the other, so that the second finds the calls of the first and makes others.
        """
        self.server.held_from = 0
        first = self.start()
        self.wait_for(IN_FLIGHT, first)
        second = self.start()
        self.wait_for(2 * IN_FLIGHT, second)
        return first, second

    def let_go(self) -> None:
        """Have the server reply to whatever it holds back."""
        self.server.held_from = math.inf

    def attempts(self) -> dict[int, tuple[Attempt, ...]]:
        """Return what is kept, by number of the question."""
        options, model = make_options(), make_model(self.server, self.protocol)
        with CallStore(self.kept) as store:
            numbers = range(QUESTIONS)
            return {n: store.attempts(question_key(model, options, make_inquiry(n), 0)) for n in numbers}

    def snapshot(self) -> Snapshot:
        """Say what is settled and what was in flight."""
        options, model, kept = make_options(), make_model(self.server, self.protocol), self.attempts()
        settled = {
            number: len(attempts)
            for number, attempts in kept.items()
            if isinstance(next_step(attempts, make_inquiry(number), model, options), Exchange)
        }
        in_flight = sum(attempt.state == "sent" for attempts in kept.values() for attempt in attempts)
        return Snapshot(settled=settled, in_flight=in_flight)


@pytest.fixture
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Run]:
    """A server with latency, and a file that does not exist yet."""
    protocol = getattr(request, "param", PROTOCOLS[0])
    with Watched(latency_s=0.05) as server:
        made = Run(server, tmp_path / "kept", protocol)
        yield made
        for child in made.children:
            if child.process.poll() is None:
                child.process.kill()


@pytest.mark.slow
@pytest.mark.parametrize("run", SDKS, indirect=True)
def test_killed_again_and_again(run: Run) -> None:
    """A run killed five times at random moments, faults included, and resumed.

    At the end all answers are there and right; no reply that was kept was asked for again; each call that was in flight
    at a kill, 16 at the most, is counted as lost; nothing else was paid for twice.
    """
    # No time-outs: a call must not be lost in any other way than by a kill.
    faults = [fault for fault in passing_faults(run.protocol) if fault != "hang"]
    run.server.faults = mix(0.3, 11, faults)
    dice = random.Random(run.protocol)
    kills = []
    for _ in range(5):
        enough = run.server.ledger.requests + dice.randrange(20, 40)
        run.server.held_from = enough + IN_FLIGHT  # so that it is not done before it is killed, however late that is
        child = run.start()
        run.wait_for(enough, child)
        time.sleep(dice.random() * 0.05)
        assert child.process.poll() is None, "it was done before it could be killed"
        child.process.kill()
        kills.append(run.snapshot())
    run.let_go()
    reported, kept = run.start().report(), run.attempts()
    assert sorted(reported) == list(range(QUESTIONS))
    assert all(is_right(n, line["answer"]) for n, line in reported.items() if line["answer"])
    assert all(bool(line["answer"]) != bool(line["reason"]) for line in reported.values())
    for snapshot in kills:
        assert snapshot.in_flight <= IN_FLIGHT
        assert {n: len(kept[n]) for n in snapshot.settled} == snapshot.settled, "what was kept was not asked again"
    assert kills[-1].settled, "the kills did not all come too early"
    died = {n: sum(attempt.reason == "died" for attempt in attempts) for n, attempts in kept.items()}
    assert sum(died.values()) == sum(snapshot.in_flight for snapshot in kills), "what was in flight is counted as lost"
    for number, events in enumerate(run.server.by_number(QUESTIONS)):
        assert usable(events) <= 1 + died[number], "only a call that was in flight at a kill may be paid for again"


def test_two_runs_at_once(run: Run) -> None:
    """Two processes with the same questions and one file share them: each is asked once, both report all."""
    children = run.start_two()
    run.let_go()
    reports = [child.report() for child in children]
    assert run.server.ledger.requests == QUESTIONS
    for report in reports:
        assert [is_right(number, report[number]["answer"]) for number in range(QUESTIONS)] == [True] * QUESTIONS
    asked_by = [{n for n, line in report.items() if not line["cached"]} for report in reports]
    assert all(len(numbers) > IN_FLIGHT for numbers in asked_by), "both asked on"
    assert not asked_by[0] & asked_by[1], "each question was asked by one and found by the other"
    assert len(asked_by[0] | asked_by[1]) == QUESTIONS


def test_one_of_two_runs_is_killed(run: Run) -> None:
    """The other run sees at once that it is dead, counts what it had in flight as lost and asks for that again."""
    killed, other = run.start_two()
    killed.process.kill()
    run.let_go()
    began = time.monotonic()
    report = other.report()
    assert time.monotonic() - began < 60, "it did not wait for the limit of a call, which is 600 s"
    assert [is_right(number, report[number]["answer"]) for number in range(QUESTIONS)] == [True] * QUESTIONS
    died = [n for n, attempts in run.attempts().items() for attempt in attempts if attempt.reason == "died"]
    assert len(died) == len(set(died)) == IN_FLIGHT, "all that it had in flight, and nothing else"
    assert run.server.ledger.requests == QUESTIONS + IN_FLIGHT
