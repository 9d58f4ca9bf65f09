"""Runs one variant of a benchmark inside the target's own interpreter, one request at a time.

One file, standard library only, Python 3.8 and newer: nothing of ours enters the measured
process. It knows neither variants nor ratios, and the parent checks its clock with its own.
"""

from __future__ import annotations

import ast
import base64
import collections
import enum
import fcntl
import gc
import hashlib
import importlib.util
import itertools
import json
import os
import pickle
import random
import socket
import struct
import sys
import time
import traceback
import types
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

try:
    import resource
except ImportError:  # not a POSIX build: the parent reads that no limit was set
    resource = None  # type: ignore[assignment]

MAX_DEPTH = 100
MAX_ITEMS = 1_000_000
DATA_DIGEST_BYTES = 64 * 1024 * 1024
MAX_FRESH_LOOPS = 64
FRESH_SETUP_NS = 100_000_000
_TEXT_MODULES = {"datetime", "decimal", "fractions", "ipaddress", "pathlib", "uuid", "zoneinfo"}
# A class written in Python that gives one of these as its module is not what it says.
_LENT = ("builtins", "collections", "numpy", "torch")
_HEAP_TYPE = 1 << 9
_NAMED = (
    type,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.ModuleType,
)


def _name(kind: Any) -> str:
    module = getattr(kind, "__module__", "?")
    name = getattr(kind, "__qualname__", getattr(kind, "__name__", "?"))
    if module in _LENT and isinstance(kind, type) and kind.__flags__ & _HEAP_TYPE:
        if getattr(sys.modules.get(module), name, None) is not kind:
            return "%s.%s, or so it says" % (module, name)
    return "%s.%s" % (module, name)


def _is_text(kind: Any) -> bool:
    """Say whether the text of such a value is all of it; a class may claim any module as its own."""
    name = str(kind.__module__)
    return name.split(".")[0] in _TEXT_MODULES and getattr(sys.modules.get(name), kind.__name__, None) is kind


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


class Encoder:
    """Turns any result into one canonical JSON text, piece by piece."""

    def __init__(self, consume: bool) -> None:
        self.consume = consume
        self.inexact = False
        self._open: List[int] = []

    def tokens(self, value: Any) -> Iterator[str]:
        """Yield the pieces of the text of one value."""
        leaf = self._leaf(value)
        if leaf is not None:
            yield leaf
            return
        if id(value) in self._open:
            yield json.dumps(["ref", len(self._open) - self._open.index(id(value))])
            return
        if len(self._open) >= MAX_DEPTH:
            yield _opaque(value)
            return
        self._open.append(id(value))
        try:
            yield from self._inside(value)
        finally:
            self._open.pop()

    def _leaf(self, value: Any) -> Any:
        kind = type(value)
        if value is None:
            return '["none"]'
        if kind is float:
            self.inexact = True
            return '["float","%s"]' % value.hex()
        if kind is int:
            return '["int","%s"]' % hex(value)
        if kind is str:
            return '["str",%s]' % json.dumps(value)
        if kind is bool:
            return '["bool",%s]' % ("true" if value else "false")
        if kind is complex:
            self.inexact = True
            return '["complex","%s","%s"]' % (value.real.hex(), value.imag.hex())
        if isinstance(value, enum.Enum):
            return json.dumps(["enum", _name(kind), value.name])
        if kind in (bytes, bytearray, memoryview):
            return '["bytes","%s","%s"]' % (_name(kind), _b64(bytes(value)))
        if kind in (range, slice) or _is_text(kind):
            return json.dumps(["text", _name(kind), repr(value)])
        if isinstance(value, _NAMED):
            return json.dumps(["name", _name(kind), _name(value)])
        return None

    def _inside(self, value: Any) -> Iterator[str]:
        array = _array(value)
        if array is not None:
            yield from self._array_tokens(*array)
            return
        kind = type(value)
        if isinstance(value, dict):
            yield from self._dict(value)
        elif isinstance(value, (set, frozenset)):
            items = sorted("".join(self.tokens(item)) for item in _plain_items(value))
            yield '["set","%s",[%s]' % (_name(kind), ",".join(items))
            yield from self._state(value)
        elif isinstance(value, (list, tuple, collections.deque)):
            yield '["seq","%s",[' % _name(kind)
            yield from self._items(_plain_items(value))
            yield "]"
            yield from self._state(value)
        elif isinstance(value, (int, float, complex, str, bytes)):
            base = next(b for b in (int, float, complex, str, bytes) if isinstance(value, b))
            yield '["sub","%s",%s' % (_name(kind), self._leaf(_plain(base, value)))
            yield from self._state(value)
        elif self.consume and hasattr(kind, "__next__"):
            # A result that is computed only when it is read would escape the comparison.
            yield '["iter",['
            yield from self._items(itertools.islice(value, MAX_ITEMS))
            yield "]]"
        elif isinstance(value, BaseException):
            yield '["error","%s",' % _name(kind)
            yield from self.tokens(value.args)
            yield from self._state(value)
        elif _has_state(value):
            yield '["object","%s"' % _name(kind)
            yield from self._state(value)
        else:
            yield _opaque(value)

    def _items(self, items: Any) -> Iterator[str]:
        first = True
        for item in items:
            if not first:
                yield ","
            first = False
            yield from self.tokens(item)

    def _dict(self, value: Any) -> Iterator[str]:
        items = collections.OrderedDict.items if isinstance(value, collections.OrderedDict) else dict.items
        pairs: List[Tuple[str, Any]] = [("".join(self.tokens(key)), item) for key, item in items(value)]
        if type(value) is not collections.OrderedDict:
            pairs.sort(key=lambda pair: pair[0])
        yield '["dict","%s",[' % _name(type(value))
        for number, (key, item) in enumerate(pairs):
            yield ("," if number else "") + "[" + key + ","
            yield from self.tokens(item)
            yield "]"
        yield "]"
        yield from self._state(value)

    def _state(self, value: Any) -> Iterator[str]:
        """Close a node with the attributes that the value carries itself; none of its own code runs."""
        state: Dict[str, Any] = {}
        for kind in type.__dict__["__mro__"].__get__(type(value)):
            own = type.__dict__["__dict__"].__get__(kind)
            for name, held in own.items():
                if name == "__dict__" and not isinstance(held, types.GetSetDescriptorType):
                    raise TypeError("its attributes are made up when they are asked for")
                # Classes written in C have members as well, such as the file of a SyntaxError: no state of ours.
                if name == "__dict__" or ("__slots__" in own and isinstance(held, types.MemberDescriptorType)):
                    try:
                        found = held.__get__(value, kind)
                    except AttributeError:  # a slot that is not filled
                        continue
                    state.update(found if name == "__dict__" else {name: found})
        yield ",["
        for number, name in enumerate(sorted(state, key=str)):
            yield ("," if number else "") + "[" + json.dumps(str(name)) + ","
            yield from self.tokens(state[name])
            yield "]"
        yield "]]"

    def _array_tokens(self, kind: str, dtype: str, shape: Any, data: Any) -> Iterator[str]:
        head = '"%s","%s",%s' % (kind, dtype, json.dumps([int(n) for n in shape]))
        if isinstance(data, bytes):
            self.inexact = self.inexact or "float" in dtype or "complex" in dtype
            yield '["array",%s,"%s"]' % (head, _b64(data))
        else:
            yield '["objects",%s,' % head
            yield from self.tokens(data)
            yield "]"


def _plain_items(value: Any) -> Any:
    """Iterate with the base's own method: a subclass could compute its items only now."""
    kind = next(k for k in (list, tuple, collections.deque, set, frozenset) if isinstance(value, k))
    return kind.__iter__(value)


def _plain(base: Any, value: Any) -> Any:
    """Read a subclass instance with the base's own methods: the subclass may lie."""
    if base is complex:
        return complex(float.__pos__(value.real), float.__pos__(value.imag))
    if base is bytes:
        return bytes.__getitem__(value, slice(None))
    readers: Dict[Any, Callable[[Any], Any]] = {
        int: int.__pos__,
        float: float.__pos__,
        str: str.__str__,
    }
    return readers[base](value)


def _has_state(value: Any) -> bool:
    return hasattr(value, "__dict__") or any("__slots__" in k.__dict__ for k in type(value).__mro__)


def _opaque(value: Any) -> str:
    try:
        digest = hashlib.sha256(pickle.dumps(value, protocol=4)).hexdigest()
    except Exception:
        return json.dumps(["opaque", _name(type(value))])
    return json.dumps(["opaque", _name(type(value)), digest])


def _array(value: Any) -> Any:
    """Return kind, dtype, shape and little-endian bytes of a numpy or torch value, else None."""
    numpy: Any = sys.modules.get("numpy")
    torch: Any = sys.modules.get("torch")
    kind = type(value)
    if torch is not None and isinstance(value, getattr(torch, "Tensor", ())):
        tensor: Any = value
        plain = tensor.detach().cpu()
        plain = (plain.to_dense() if plain.layout != torch.strided else plain).contiguous()
        raw = plain.reshape(-1).view(torch.uint8).numpy().tobytes() if plain.numel() else b""
        return _name(kind), str(plain.dtype).split(".")[-1], tuple(plain.shape), raw
    if numpy is None or not hasattr(numpy, "ndarray"):
        return None
    if isinstance(value, (numpy.ndarray, numpy.generic)):
        data = numpy.asarray(value)
        if data.dtype.hasobject:
            return _name(kind), str(data.dtype), data.shape, data.tolist()
        if not data.dtype.isnative or sys.byteorder != "little":
            data = data.astype(data.dtype.newbyteorder("<"))
        dtype = data.dtype.name
        if data.dtype.names is not None:
            dtype = "struct " + json.dumps(str(data.dtype))[1:-1]
        return _name(kind), dtype, data.shape, data.tobytes()
    return None


def encode(value: Any, limit: int, consume: bool = True) -> str:
    """Return the JSON text of a value; past the limit, only the digest of that text."""
    encoder, pieces, size, sha = Encoder(consume), [], 0, hashlib.sha256()
    whole = True
    try:
        for piece in encoder.tokens(value):
            size += len(piece)
            sha.update(piece.encode("ascii", "backslashreplace"))
            if size <= limit:
                pieces.append(piece)
            elif size > 16 * max(limit, DATA_DIGEST_BYTES):
                whole = False
                break
            else:
                pieces = []
    except Exception as error:  # foreign code runs while a value is read
        return json.dumps(["unreadable", _name(type(value)), _text(error)])
    if size <= limit:
        return "".join(pieces)
    return json.dumps(["digest", sha.hexdigest(), not encoder.inexact, whole])


def _pickled(value: Any, limit: int) -> Optional[str]:
    try:
        raw = pickle.dumps(value, protocol=4)
    except Exception:  # foreign code runs while a value is pickled
        return None
    return _b64(raw) if len(raw) <= limit else None


def _is_found(name: str) -> bool:
    try:
        return name in sys.modules or importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _text(error: BaseException) -> str:
    try:
        return "%s: %s" % (type(error).__name__, str(error)[:1000])
    except Exception:
        return type(error).__name__


def _seed(seed: int) -> None:
    random.seed(seed)
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and hasattr(numpy, "random"):
        numpy.random.seed(seed % 2**32)
    if torch is not None and hasattr(torch, "manual_seed"):
        torch.manual_seed(seed)


def _change(value: Any, rng: random.Random, depth: int = 0) -> Tuple[Any, bool]:
    """Change one element, where it lies if that can be, to what is beside it if that can be."""
    kind = type(value)
    if kind in (str, bytes, bytearray):
        return _change_text(value, rng)
    if kind is int:
        return value + 1, True
    if kind is float:
        return value * 1.001 + 0.001, True
    if kind not in (list, dict, tuple):
        return value, _change_array(value, rng)
    keys = list(value) if kind is dict else range(len(value))
    some = rng.sample(keys, min(len(keys), 20)) if depth < 8 else []
    for key in some if kind is not tuple else []:
        old, new = value[key], value[rng.choice(keys)]
        if type(old) is type(new) and type(new) in (int, float, str, bytes) and old != new:
            value[key] = new
            return value, True
    for key in some:
        item, done = _change(value[key], rng, depth + 1)
        if done and kind is tuple:
            return tuple(item if n == key else old for n, old in enumerate(value)), True
        if done:
            value[key] = item
            return value, True
    return value, False


def _change_text(value: Any, rng: random.Random) -> Tuple[Any, bool]:
    """Replace a letter by another letter of the text, or a digit by a digit, so that it stays well formed."""
    for _ in range(50 if value else 0):
        one, two = rng.randrange(len(value)), rng.randrange(len(value))
        old, new = value[one : one + 1], value[two : two + 1]
        if old != new and old.isalnum() and (old.isdigit(), old.isalpha()) == (new.isdigit(), new.isalpha()):
            if type(value) is not bytearray:
                return value[:one] + new + value[one + 1 :], True
            value[one] = value[two]
            return value, True
    return value, False


def _change_array(value: Any, rng: random.Random) -> bool:
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    try:
        if torch is not None and type(value) is getattr(torch, "Tensor", None):
            flat = value.detach().view(-1)
        elif numpy is not None and type(value) is getattr(numpy, "ndarray", None):
            flat = value.reshape(-1, order="A") if value.flags.forc else value
            if not value.flags.writeable or not numpy.shares_memory(flat, value) or flat.ndim != 1:
                return False
        else:
            return False
        for _ in range(50 if len(flat) else 0):
            one, two = rng.randrange(len(flat)), rng.randrange(len(flat))
            if bool(flat[one] != flat[two]):
                flat[one] = flat[two].item() if hasattr(flat[two], "item") else flat[two]
                return True
        if len(flat):
            flat[rng.randrange(len(flat))] += 1
        return len(flat) > 0
    except Exception:  # a layout or dtype that cannot be written to like this
        return False


def _chance() -> Any:
    """Return the state of the random generators, which tells whether somebody has drawn from them."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    states: List[Any] = [random.getstate()]
    if numpy is not None and hasattr(numpy, "random"):
        states += [part if isinstance(part, (str, int)) else str(part) for part in numpy.random.get_state()[2:3]]
    if torch is not None and hasattr(torch, "get_rng_state"):
        states.append(torch.get_rng_state().numpy().tobytes())
    return states


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


def _confine(memory: Any, core: Any) -> Dict[str, Any]:
    """Set the limits that the target inherits, and say which of them hold."""
    facts: Dict[str, Any] = {"dies_with_parent": False, "network": "open"}
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**30, 2**30))
        if memory is not None:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    if core is not None:
        os.sched_setaffinity(0, {core})
    if sys.platform != "linux":
        return facts
    try:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
        facts["network"] = _close_network(libc)
        # PR_SET_PDEATHSIG comes last: a change of credentials would clear it.
        facts["dies_with_parent"] = libc.prctl(1, 9, 0, 0, 0) == 0
    except (ImportError, OSError, AttributeError) as error:
        facts["network"] = "open (%s)" % _text(error)
    return facts


def _close_network(libc: Any) -> str:
    """Enter an empty network namespace where the kernel lets this user; loopback stays up."""
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(0x40000000 | (0x10000000 if uid else 0)) != 0:
        return "open (unshare is not permitted)"
    if uid:
        for path, text in (("setgroups", "deny"), ("uid_map", uid), ("gid_map", gid)):
            with open("/proc/self/" + path, "w") as handle:
                handle.write(text if isinstance(text, str) else "%d %d 1" % (text, text))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sh", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
    return "loopback only"


class Worker:
    """Holds the loaded benchmark and its data, and answers one request after the other."""

    def __init__(self) -> None:
        self.clock = time.perf_counter_ns
        self.same, self.each = _timers(self.clock)
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
        facts = _confine(request["memory"], request["core"])
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
        sys.path[:0] = request["paths"]
        missing = [name for name in request["modules"] if not _is_found(name)]
        if missing:
            raise ModuleNotFoundError("No module named %s" % ", ".join(map(repr, missing)), name=missing[0])
        start = self.clock()
        found: Any = self._module(request)
        self.make = found.setup if request["has_setup"] else None
        self.names = getattr(found, "__dict__", {})
        for name in request["function"].split("."):
            found = getattr(found, name)
        self.function = found
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
        exec(compile(tree, request["benchmark"], "exec"), module.__dict__)
        return module

    def setup(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Make the data that the timed calls will use."""
        self.seed = request["seed"]
        start = self.clock()
        self.arguments = self._fresh(self.seed)
        return {"setup_ns": self.clock() - start}

    def _fresh(self, seed: int) -> Tuple[Any, ...]:
        _seed(seed)
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
        return encode([self.arguments, self._held()], 0, consume=False)

    def probe(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Call once and say whether the call changed its input."""
        before = self._data_digest()
        start = self.clock()
        self.function(*self.arguments)
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
        while True:
            spent = self.same(self.function, self.arguments, loops)[0]
            if spent >= goal:
                return {"loops": loops, "ns": spent}
            loops = min(loops * 10, max(loops + 1, int(1.1 * goal * loops / max(spent, 1))))

    def prepare(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Do all that must not be timed before the next sample."""
        self.loops, self.is_fresh = request["loops"], request["fresh"]
        self.parts = range(request["parts"])
        self.inputs = []
        if self.is_fresh:
            self.inputs = [[self._fresh(self.seed) for _ in range(self.loops)] for _ in self.parts]
        self.last = None
        gc.collect()
        self.chance = _chance()
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
            return {"ns": spent}
        finally:
            gc.enable()

    def result(self, request: Dict[str, Any]) -> str:
        """Call once on fresh or on the timed input and return the serialised result."""
        live, held = request["seed"] is None, self._held()
        arguments = self.arguments if live else self._fresh(request["seed"])
        late = bool(live and self.first_digest and self._data_digest() != self.first_digest)
        _seed(self.seed)
        value = self.function(*arguments)
        # What a value does when it is pickled must not change what is compared.
        before = encode(value, 0, consume=False) if request["pickled"] else ""
        pickled = _pickled(value, self.limit // 4) if request["pickled"] else None
        if before and encode(value, 0, consume=False) != before:
            value = ("a result that changes when it is pickled", before)
        tree = encode(value, self.limit)
        self.names.update(held)
        files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
        owned = [f for f in files if isinstance(f, str) and self._owned(f)]
        running = getattr(sys.modules.get("threading"), "active_count", lambda: 1)()
        head = {"modules": len(owned), "threads": running, "late_mutation": late, "pickled": pickled}
        head["setup_ns"] = self.least_setup_ns
        return json.dumps(head)[:-1] + ', "tree": ' + tree + "}"

    def kept(self, request: Dict[str, Any]) -> str:
        """Return the serialised result of the last call that was timed."""
        value, self.last, drew = self.last, None, _chance() != self.chance
        return '{"drew": ' + json.dumps(drew) + ', "tree": ' + encode(value, self.limit) + "}"

    def again(self, request: Dict[str, Any]) -> str:
        """Call twice on equal input, write into the first result, and return the second one, serialised."""
        held, tree, earlier = self._held(), "", ""
        for turn in range(2):
            arguments = self._fresh(request["seed"])
            _seed(self.seed)
            value = self.function(*arguments)
            tree, earlier = encode(value, self.limit), tree
            if turn == 0:
                _change(value, random.Random(request["seed"]))
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
            _seed(self.seed)
            start = self.clock()
            try:
                value = self.function(*arguments)
            except Exception as error:
                failed = _text(error)
                break
            spent.append(self.clock() - start)
            # Every result is read, so that no call follows the one before it as fast as the timed ones do.
            trees[1:] = []
            trees.append(encode(value, self.limit))
        self.names.update(held)
        head = json.dumps({"ns": spent, "failed": failed})
        return head[:-1] + ', "trees": [' + ", ".join(trees) + "]}"

    def _change_input(self, arguments: Tuple[Any, ...], rng: random.Random) -> bool:
        self.varied, done = _change(arguments, rng)
        for name, value in [] if done else list(self._held().items()):
            self.names[name], done = _change(value, rng)
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
        "message": _text(error),
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
