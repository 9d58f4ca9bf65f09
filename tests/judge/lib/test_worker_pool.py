"""Each task is answered exactly once, whatever a task does to the process that handles it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import judge
from judge.lib.worker_pool import HandlerNotOpened, WorkerDied, WorkerPool

# A task is a Python expression and its answer the value: each worker's handler is `eval`.
HANDLER: Callable[[], Callable[[str], Any]] = partial(eval, "eval")

EXIT = "__import__('os')._exit(3)"
CRASH = "__import__('ctypes').string_at(0)"
KILL = "__import__('os').kill(__import__('os').getpid(), %d)"
HANG = "__import__('time').sleep(600)"
PID = "__import__('os').getpid()"
DYING = "(__import__('threading').Timer(0.5, lambda: __import__('os')._exit(3)).start(), __import__('os').getpid())[1]"
DEAF = f"setattr(__import__('judge.lib.worker_pool', fromlist=['_read']), '_read', lambda stream: {HANG})"


def answers(groups: Sequence[Sequence[str]], jobs: int = 2, *, timeout_s: float = 60) -> list[tuple[str, Any]]:
    return list(WorkerPool(HANDLER, jobs, timeout_s=timeout_s).run(groups))


@pytest.mark.parametrize("jobs", [0, 1, 3, 50])
def test_every_task_is_answered_once(jobs: int) -> None:
    """Groups of any size are answered in full, with fewer or more workers than tasks."""
    groups = [[f"{group} * 1000 + {n}" for n in range(size)] for group, size in enumerate((7, 0, 1, 4))]
    tasks = [task for group in groups for task in group]
    replies = answers(groups, jobs) if jobs < 50 else answers(groups[2:], jobs)
    assert sorted(task for task, _ in replies) == sorted(tasks if jobs < 50 else tasks[7:])
    assert all(answer == eval(task) for task, answer in replies)


def test_nothing_to_do() -> None:
    """Without tasks no process is started and nothing is answered."""
    assert answers([]) == [] and answers([[], []]) == []


def test_each_worker_starts_with_a_group_of_its_own() -> None:
    """What a group shares is opened by one worker first; one worker alone takes all groups."""
    groups = [[f"({name!r}, {n}, {PID})" for n in range(5)] for name in ("a", "b")]
    firsts = {name: pid for _, (name, n, pid) in answers(groups) if n == 0}
    assert firsts["a"] != firsts["b"] and os.getpid() not in firsts.values()
    assert len({pid for _, (_, _, pid) in answers(groups, 1)}) == 1


DEATHS = {
    "exits": (EXIT, "the worker process ended with exit code 3"),
    "exits as if done": ("exit(0)", "the worker process ended with exit code 0"),
    "crashes": (CRASH, "the worker process was killed by SIGSEGV"),
    "is killed": (KILL % 9, "the worker process was killed by SIGKILL"),
    "is killed by a signal without a name": (KILL % 35, "the worker process was killed by signal 35"),
}  # fmt: skip


@pytest.mark.parametrize("name", DEATHS)
@pytest.mark.parametrize("jobs", [1, 2])
def test_death_costs_one_task(name: str, jobs: int) -> None:
    """A worker that dies costs the task it was at; how it died is said, and all others are answered."""
    task, why = DEATHS[name]
    replies = answers([["1", task, "2"], [task, "3"]], jobs)
    assert len(replies) == 5
    assert sorted(str(answer) for answered, answer in replies if answered != task) == ["1", "2", "3"]
    assert [answer for answered, answer in replies if answered == task] == [WorkerDied(why=why)] * 2


def test_hang_costs_one_task() -> None:
    """A task that runs past the limit is given up with the limit in its answer; the others go on."""
    replies = answers([["1", HANG, "2"], ["3"]], timeout_s=1)
    assert sorted(str(answer) for task, answer in replies if task != HANG) == ["1", "2", "3"]
    assert [answer for task, answer in replies if task == HANG] == [WorkerDied(why="no answer within 1 s")]


UNPRINTABLE = "type('E', (Exception,), {'__str__': lambda self: 1 / 0})()"
UNREADABLE = "type('R', (), {'__reduce__': lambda self: (eval, ('1 / 0',))})()"
ERRORS = {
    "exception": ("1 / 0", "ZeroDivisionError: division by zero"),
    "answer that cannot be sent": ("lambda: 0", "PicklingError"),
    "answer that cannot be received": (UNREADABLE, "cannot be read (ZeroDivisionError"),
    "exception that cannot be printed": (f"(_ for _ in ()).throw({UNPRINTABLE})", "ended with exit code 1"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_error_is_an_error_of_its_task(name: str) -> None:
    """What a handler raises, or cannot return, is the worker's own failure on that task."""
    task, why = ERRORS[name]
    ((_, first), (_, second)) = answers([[task, "1"]], 1)
    assert isinstance(first, WorkerDied) and why in first.why
    assert second == 1


def test_the_worker_stays_after_an_error() -> None:
    """An exception does not cost the process: what it has open is still open for the next task."""
    replies = dict(answers([[PID + " + 0", "1 / 0", PID]], 1))
    assert replies[PID] == replies[PID + " + 0"]


def test_prints_do_not_reach_the_protocol() -> None:
    """Whatever a handler prints, in Python or below it, its answer arrives."""
    tasks = ["print('x' * 100_000)", "__import__('os').write(1, b'y' * 9)", "__import__('os').system('echo z')", "1"]
    assert [answer for _, answer in answers([tasks], 1)] == [None, 9, 0, 1]


def test_nothing_can_be_read_from_the_protocol() -> None:
    """A handler that reads its standard input finds it empty."""
    assert answers([["__import__('sys').stdin.read()", "1"]], 1) == [("__import__('sys').stdin.read()", ""), ("1", 1)]


def test_large_tasks_and_answers() -> None:
    """Megabytes go through in both directions."""
    (task, answer), (_, other) = answers([["'" + "x" * 3_000_000 + "' * 2", "1"]], 1)
    assert len(answer) == 6_000_000 and other == 1 and len(task) > 3_000_000


NOT_OPENED = {
    "raises": ("1 / 0", "ZeroDivisionError: division by zero"),
    "exits": (EXIT, "the worker process ended with exit code 3"),
    "crashes": (CRASH, "the worker process was killed by SIGSEGV"),
}


@pytest.mark.parametrize("name", NOT_OPENED)
def test_a_handler_that_cannot_be_made_stops_the_pool(name: str) -> None:
    """No task is answered where no worker can start: there is one error, which names the cause."""
    expression, cause = NOT_OPENED[name]
    replies: list[tuple[str, Any]] = []
    with pytest.raises(HandlerNotOpened, match=rf"^no worker can start: {cause}(\nIn the worker:|$)"):
        replies += WorkerPool(partial(eval, expression), 2, timeout_s=60).run([["1", "2"], ["3"]])
    assert not replies


def test_a_handler_that_takes_too_long_stops_the_pool() -> None:
    """A handler has a limit of its own, which is no task's."""
    pool: WorkerPool[str] = WorkerPool(partial(eval, HANG), 1, opening_timeout_s=1)
    with pytest.raises(HandlerNotOpened, match=r"^no worker can start: no answer within 1 s$"):
        next(iter(pool.run([["1"]])))


def test_slow_start_costs_no_task() -> None:
    """The time that a worker takes to start is not charged to its first task."""
    slow: Callable[[], Any] = partial(eval, "__import__('time').sleep(2) or eval")
    assert list(WorkerPool(slow, 1, timeout_s=1).run([["1", "2"]])) == [("1", 1), ("2", 2)]


def test_a_broken_rule_file_is_named(tmp_path: Path) -> None:
    """The real handler of the gates: a rule file that does not import ends the run with the file's name, at once."""
    package = shutil.copytree(Path(judge.__file__).parent, tmp_path / "judge", symlinks=False)
    broken = package / "static_checks/rules/noop/broken.py"
    broken.write_text("RULE = \n")
    script = (
        "from pathlib import Path\n"
        "from judge.lib.worker_pool import HandlerNotOpened, WorkerPool\n"
        "from judge.stages.gates import GateHandler, GateTask\n"
        "from judge.static_checks.model.case import Candidate, Case\n"
        "task = GateTask(case=Case(id='c'), candidate=Candidate(id='c/a', case='c', source='a', patch=b''))\n"
        "try:\n"
        "    list(WorkerPool(GateHandler(judges=('none',)), 2).run([[task] * 50]))\n"
        "except HandlerNotOpened as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.startswith(f"no worker can start: BrokenRule: {broken}: does not import: SyntaxError"), done


def test_large_task_to_a_dead_worker() -> None:
    """A task that could not even be sent is answered too, and the next is handled by a new worker."""
    run = WorkerPool(HANDLER, 1, timeout_s=60).run([[DYING, "'" + "x" * 3_000_000 + "'", "2"]])
    _, pid = next(iter(run))
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert [answer for _, answer in run] == [WorkerDied(why="the worker process ended with exit code 3"), 2]


CLOSING = """type('Handler', (), {
    '__call__': lambda self, task: __import__('os').getpid(),
    'close': lambda self: open(%r, 'a').write('closed\\n'),
})()"""


@pytest.mark.parametrize("taken", [1, 3])
def test_handlers_are_closed(taken: int, tmp_path: Any) -> None:
    """When the work ends, or is given up half-way, each handler may put away what it made, and no process stays."""
    log = tmp_path / "log"
    pool = WorkerPool(partial(eval, CLOSING % str(log)), 1, timeout_s=60)
    run = pool.run([["1", "2", "3"]])
    pids = {next(run)[1] for _ in range(taken)}
    run.close()  # type: ignore[attr-defined]  # a generator, which may be given up
    assert log.read_text() == "closed\n"
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_worker_that_never_reads_costs_one_task() -> None:
    """A task larger than a pipe, for a worker that does not read any more, does not hold up the run."""
    large = "1 + " * 50_000 + "1"
    replies = list(WorkerPool(HANDLER, 1, timeout_s=1).run([[DEAF, large, "2"]]))
    assert replies == [(DEAF, None), (large, WorkerDied(why="no answer within 1 s")), ("2", 2)]
