"""Runs one variant of a benchmark inside the target's own interpreter, one request at a time.

It knows neither variants nor ratios, and the parent checks its clock with its own.
"""

from __future__ import annotations

import ast
import gc
import importlib.util
import itertools
import json
import os
import random
import sys
import time
import traceback
import types
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Tuple


def beside(name: str) -> Any:
    """Load the file of that name in this folder; it is registered nowhere, so it hides no module of the target."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
    spec = importlib.util.spec_from_file_location("judge_inside_" + name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if TYPE_CHECKING:
    from judge.bench.inside import arrays, confinement, cuda, encoding, variation
else:
    arrays, confinement, cuda, encoding, variation = map(
        beside, ("arrays", "confinement", "cuda", "encoding", "variation")
    )

MAX_FRESH_LOOPS = 64
FRESH_SETUP_NS = 100_000_000


def _is_importable(name: str) -> bool:
    try:
        return name in sys.modules or importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _timers(clock: Callable[[], int]) -> Tuple[Callable[..., Any], Callable[..., Any]]:
    """Bind the real clock before any target code can replace it."""
    repeat = itertools.repeat

    def same(function: Callable[..., Any], arguments: Tuple[Any, ...], loops: int) -> Tuple[int, Any]:
        turns = repeat(None, loops - 1)
        start = clock()
        for _ in turns:
            function(*arguments)
        value = function(*arguments)
        return clock() - start, value

    def each(function: Callable[..., Any], inputs: List[Tuple[Any, ...]]) -> Tuple[int, Any]:
        value = None
        start = clock()
        for arguments in inputs:
            value = function(*arguments)
        return clock() - start, value

    return same, each


def _resolution(clock: Callable[[], int]) -> int:
    steps = []
    for _ in range(50):
        start = now = clock()
        while now == start:
            now = clock()
        steps.append(now - start)
    return min(steps)


class Worker:
    """Holds the loaded benchmark and its data, and answers one request after the other."""

    def __init__(self) -> None:
        self.clock = time.perf_counter_ns
        self.same, self.each = _timers(self.clock)
        self.gpu: Any = None
        self.result_blocks: Any = set()
        self.arguments: Tuple[Any, ...] = ()
        self.inputs: List[List[Tuple[Any, ...]]] = []
        self.last: Any = None
        self.chance: Any = None
        self.least_setup_ns = 2**62
        self.is_set_up = False
        self.first_digest = ""
        self.tree = ""
        self.names: Dict[str, Any] = {}
        self.data_names: List[str] = []
        self.filled_names: List[str] = []
        self.make: Any = None

    def hello(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Confine this process and describe it."""
        facts = confinement.confine(request["memory"], request["core"])
        version = "%s %d.%d.%d" % (sys.implementation.name, *sys.version_info[:3])
        return dict(facts, python=version, resolution_ns=_resolution(self.clock))

    def ping(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Answer at once: the worker is there."""
        return {}

    def load(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Import the benchmark with the source tree first on the import path; name what is missing first."""
        self.tree = os.path.realpath(request["tree"]) + os.sep
        self.limit, self.takes_data = request["limit"], request["takes_data"]
        self.data_names, self.filled_names = request["data_names"], request["filled_names"]
        if request["device"] == "cuda":
            self.gpu = cuda.Cuda(self.clock)
            self.same, self.each = self.gpu.same, self.gpu.each
        sys.path[:0] = request["paths"]
        missing = [name for name in request["modules"] if not _is_importable(name)]
        if missing:
            raise ModuleNotFoundError("No module named %s" % ", ".join(map(repr, missing)), name=missing[0])
        start = self.clock()
        module: Any = self._module(request)
        self.make = module.setup if request["has_setup"] else None
        self.names = getattr(module, "__dict__", {})
        function = module
        for name in request["function"].split("."):
            function = getattr(function, name)
        self.function = function
        return {"import_ns": self.clock() - start}

    def _module(self, request: Dict[str, Any]) -> Any:
        if request["module"]:
            return importlib.import_module(request["module"])
        module = types.ModuleType("judge_benchmark")
        module.__file__ = request["benchmark"]
        sys.modules[module.__name__] = module
        with open(request["benchmark"], "rb") as handle:
            tree = ast.parse(handle.read(), request["benchmark"])
        if request["keep"] is not None:
            tree.body = [tree.body[position] for position in request["keep"]]
        exec(compile(tree, request["benchmark"], "exec", dont_inherit=True), module.__dict__)
        return module

    def setup(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Make the data that the timed calls will use."""
        self.seed = request["seed"]
        start = self.clock()
        self.arguments = self._fresh(self.seed)
        spent = self.clock() - start
        gc.collect()
        if hasattr(gc, "freeze"):  # what stays for good need not be walked before every sample
            gc.freeze()
        return {"setup_ns": spent}

    def _fresh(self, seed: int) -> Tuple[Any, ...]:
        variation.seed(seed)
        start = self.clock()
        data = self.make() if self.make else None
        spent = self.clock() - start
        # The first set-up does not count: it loads what later ones find.
        self.least_setup_ns = min(spent, self.least_setup_ns) if self.is_set_up else 2**62
        self.is_set_up = True
        self.names.update(dict.fromkeys(self.filled_names, data))
        return (data,) if self.takes_data else ()

    def _held(self) -> Dict[str, Any]:
        """Return the data that a function without parameters finds in its globals."""
        return {name: self.names[name] for name in self.data_names if name in self.names}

    def _data_digest(self) -> str:
        self._wait()
        return encoding.encode([self.arguments, self._held()], 0, consume=False)

    def _wait(self) -> None:
        """Let all streams of the device finish, whatever the target waited for."""
        if self.gpu is not None:
            self.gpu.wait()

    def _encoded(self, value: Any) -> str:
        self._wait()
        self.result_blocks = arrays.array_blocks(value)
        return encoding.encode(value, self.limit)

    def probe(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Call once and say whether the call changed its input."""
        before = self._data_digest()
        start = self.clock()
        self.result_blocks = arrays.array_blocks(self.function(*self.arguments))
        call_ns = self.clock() - start
        self.first_digest = self._data_digest()
        sure = before.startswith('["digest"') and before.endswith("true]")
        return {"mutates": before != self.first_digest, "sure": sure, "call_ns": call_ns}

    def calibrate(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Find how many calls last as long as asked, and how long they lasted."""
        goal, loops = request["goal_ns"], 1
        if request["fresh"]:
            start = self.clock()
            inputs = [self._fresh(self.seed)]
            setup_ns = self.clock() - start
            call_ns = max(self.each(self.function, inputs)[0], 1)
            if not self.takes_data:  # the data has one place, so only one call can be prepared
                return {"loops": 1, "ns": goal * request["parts"]}
            room = min(MAX_FRESH_LOOPS, FRESH_SETUP_NS // max(setup_ns, 1)) // request["parts"]
            loops = max(1, min(room, goal // call_ns + 1))
            return {"loops": loops, "ns": loops * call_ns}
        most = cuda.MAX_LOOPS if self.gpu is not None else 2**62
        while True:
            spent = self.same(self.function, self.arguments, loops)[0]
            if spent >= goal or loops >= most:
                return {"loops": loops, "ns": spent}
            loops = min(most, loops * 10, max(loops + 1, int(1.1 * goal * loops / max(spent, 1))))

    def prepare(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Do all that must not be timed before the next sample."""
        self.loops, self.is_fresh = request["loops"], request["fresh"]
        self.parts = range(request["parts"])
        self.inputs = []
        if self.is_fresh:
            self.inputs = [[self._fresh(self.seed) for _ in range(self.loops)] for _ in self.parts]
        self.last = None
        arrays.spoil(self.result_blocks)
        gc.collect()
        if self.gpu is not None:
            self.gpu.marks()
        self.chance = variation.chance()
        return {}

    def sample(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Time the prepared calls, part by part; nothing else happens between request and reply."""
        gc.disable()
        try:
            spent = []
            for part in self.parts:
                if self.is_fresh:
                    ns, self.last = self.each(self.function, self.inputs[part])
                else:
                    ns, self.last = self.same(self.function, self.arguments, self.loops)
                spent.append(ns)
            return dict({"ns": spent}, **(self.gpu.marks() if self.gpu is not None else {}))
        finally:
            gc.enable()

    def result(self, request: Dict[str, Any]) -> str:
        """Call once on fresh or on the timed input and return the serialised result."""
        live, held = request["seed"] is None, self._held()
        arguments = self.arguments if live else self._fresh(request["seed"])
        late = bool(live and self.first_digest and self._data_digest() != self.first_digest)
        variation.seed(self.seed)
        arrays.spoil(self.result_blocks)
        value = self.function(*arguments)
        self._wait()
        # What a value does when it is pickled must not change what is compared.
        before = encoding.encode(value, 0, consume=False) if request["pickled"] else ""
        pickled = encoding.pickled(value, self.limit // 4) if request["pickled"] else None
        if before and encoding.encode(value, 0, consume=False) != before:
            value = ("a result that changes when it is pickled", before)
        tree = self._encoded(value)
        self.names.update(held)
        files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
        owned = [f for f in files if isinstance(f, str) and self._owned(f)]
        running = getattr(sys.modules.get("threading"), "active_count", lambda: 1)()
        head = {"modules": len(owned), "threads": running, "late_mutation": late, "pickled": pickled}
        head["setup_ns"] = self.least_setup_ns
        return json.dumps(head)[:-1] + ', "tree": ' + tree + "}"

    def kept(self, request: Dict[str, Any]) -> str:
        """Return the serialised result of the last call that was timed."""
        value, self.last, drew = self.last, None, variation.chance() != self.chance
        return '{"drew": ' + json.dumps(drew) + ', "tree": ' + self._encoded(value) + "}"

    def again(self, request: Dict[str, Any]) -> str:
        """Call twice on equal input, write into the first result, and return the second one, serialised."""
        held, tree, earlier = self._held(), "", ""
        for turn in range(2):
            arguments = self._fresh(request["seed"])
            variation.seed(self.seed)
            arrays.spoil(self.result_blocks)
            value = self.function(*arguments)
            tree, earlier = self._encoded(value), tree
            if turn == 0:
                variation.change(value, random.Random(request["seed"]))
        self.names.update(held)
        return '{"steady": ' + json.dumps(tree == earlier) + ', "tree": ' + tree + "}"

    def vary(self, request: Dict[str, Any]) -> str:
        """Time single calls; before each, one element of the input is overwritten where it lies."""
        rng, held = random.Random(request["seed"]), self._held()
        arguments = self._fresh(request["seed"])
        trees: List[str] = []
        spent: List[int] = []
        failed, deadline = "", self.clock() + request["limit_ns"]
        while len(spent) < request["most"] and (len(spent) < 2 or self.clock() < deadline):
            if request["fresh"] and spent:
                arguments = self._fresh(request["seed"])
            changes = len(spent) + 1 if request["fresh"] else 1
            if not all([self._change_input(arguments, rng) for _ in range(changes)]):
                break
            arguments = self.varied
            variation.seed(self.seed)
            try:
                ns, value = self.same(self.function, arguments, 1)
            except Exception as error:
                failed = encoding.text_of(error)
                break
            spent.append(ns)
            # Every result is read, so that no call follows the one before it as fast as the timed ones do.
            trees[1:] = []
            trees.append(self._encoded(value))
        self.names.update(held)
        head = json.dumps({"ns": spent, "failed": failed})
        return head[:-1] + ', "trees": [' + ", ".join(trees) + "]}"

    def widened(self, request: Dict[str, Any]) -> str:
        """Call once on input in float64 and return the serialised result, or why there is none."""
        try:
            arguments, count = arrays.widened(self._fresh(request["seed"]))
            for name, value in self._held().items():
                self.names[name], more = arrays.widened(value)
                count += more
            if not count:
                raise arrays.NotWidened("the input holds no array of a narrower float")
            variation.seed(self.seed)
            return '{"failed": "", "tree": ' + self._encoded(self.function(*arguments)) + "}"
        except Exception as error:
            return json.dumps({"failed": encoding.text_of(error), "tree": None})

    def _change_input(self, arguments: Tuple[Any, ...], rng: random.Random) -> bool:
        self.varied, done = variation.change(arguments, rng)
        for name, value in [] if done else list(self._held().items()):
            self.names[name], done = variation.change(value, rng)
            if done:
                break
        return done

    def _owned(self, path: str) -> bool:
        return path.startswith(self.tree) or os.path.realpath(path).startswith(self.tree)

    def answer(self, request: Dict[str, Any]) -> str:
        """Run one request; whatever foreign code raises becomes part of the answer."""
        try:
            reply = getattr(self, request["op"])(request)
        except BaseException as error:  # SystemExit and KeyboardInterrupt come from the target
            return '"error": ' + json.dumps(_fault(error))
        return '"ok": ' + (reply if isinstance(reply, str) else json.dumps(reply))


def _fault(error: BaseException) -> Dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    cause: Optional[BaseException] = error
    # A script may catch the ImportError and leave with sys.exit, or with an error of its own.
    while cause is not None and not isinstance(cause, ModuleNotFoundError):
        cause = cause.__cause__ or cause.__context__
    return {
        "type": type(error).__name__,
        "message": encoding.text_of(error),
        "missing": getattr(cause, "name", None),
        "where": "%s:%s in %s" % (last.filename, last.lineno, last.name) if last else "",
    }


def _claim_pipes() -> Tuple[Any, int]:
    """Move the protocol off the standard streams: what the target prints cannot reach it."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    return requests, replies


def main(kind: Callable[[], Any] = Worker) -> None:
    """Answer requests until the parent goes away."""
    if not getattr(sys.flags, "safe_path", False):
        del sys.path[0]  # our own folder: older interpreters put it there
    sys.dont_write_bytecode = True
    requests, replies = _claim_pipes()
    nonce = json.loads(requests.readline())["nonce"]
    worker, owner, write, exit_now = kind(), os.getpid(), os.write, os._exit
    # The target sees an empty main module, not the code that times it.
    sys.modules["__main__"] = types.ModuleType("__main__")
    for line in requests:
        request = json.loads(line)
        body = worker.answer(request)
        if os.getpid() != owner:
            exit_now(1)  # the target forked, and this is the child coming back
        reply = '{"nonce": "%s", "n": %d, %s}\n' % (nonce, request["n"], body)
        rest = memoryview(reply.encode("ascii"))
        while rest:
            rest = rest[write(replies, rest) :]
    exit_now(0)


if __name__ == "__main__":
    main()
