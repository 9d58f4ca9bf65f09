"""Turns any result into one canonical JSON text, without running the code of its classes where that can be helped."""

from __future__ import annotations

import base64
import collections
import enum
import hashlib
import itertools
import json
import pickle
import sys
import types
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

MAX_DEPTH = 100
MAX_ITEMS = 1_000_000
DATA_DIGEST_BYTES = 64 * 1024 * 1024
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


def text_of(error: BaseException) -> str:
    """Return type and message of an exception, whatever its own code does."""
    try:
        return "%s: %s" % (type(error).__name__, str(error)[:1000])
    except Exception:
        return type(error).__name__


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
                        content = held.__get__(value, kind)
                    except AttributeError:  # a slot that is not filled
                        continue
                    state.update(content if name == "__dict__" else {name: content})
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
        plain = _plain_tensor(torch, value)
        return _name(kind), str(plain.dtype).split(".")[-1], tuple(plain.shape), _tensor_bytes(plain)
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


def _plain_tensor(torch: Any, value: Any) -> Any:
    """Read a tensor by torch's own functions: a subclass could compute its values only now."""
    tensor = torch.Tensor
    if getattr(type(value), "__torch_dispatch__", None) is not getattr(tensor, "__torch_dispatch__", None):
        raise TypeError("a tensor whose class makes up its values when they are read")
    with torch._C.DisableTorchFunction():
        plain = tensor.cpu(tensor.detach(value))
        if plain.layout != torch.strided:
            plain = plain.to_dense()
        if plain.is_quantized:
            raise TypeError("a quantized tensor")
        return plain.resolve_conj().resolve_neg().contiguous()


def _tensor_bytes(plain: Any) -> bytes:
    """Return the bytes of a contiguous tensor; torch can do without numpy, and so must we."""
    import ctypes

    return ctypes.string_at(plain.data_ptr(), plain.numel() * plain.element_size()) if plain.numel() else b""


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
        return json.dumps(["unreadable", _name(type(value)), text_of(error)])
    if size <= limit:
        return "".join(pieces)
    return json.dumps(["digest", sha.hexdigest(), not encoder.inexact, whole])


def pickled(value: Any, limit: int) -> Optional[str]:
    """Return the pickled value in base64; None if it cannot be pickled or is over `limit` bytes."""
    try:
        raw = pickle.dumps(value, protocol=4)
    except Exception:  # foreign code runs while a value is pickled
        return None
    return _b64(raw) if len(raw) <= limit else None
