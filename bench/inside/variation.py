"""Seeds what draws random numbers, and changes one element of an input where it lies."""

from __future__ import annotations

import random
import sys
from typing import Any, List, Tuple


def seed(number: int) -> None:
    """Seed the generators that the target has loaded."""
    random.seed(number)
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and hasattr(numpy, "random"):
        numpy.random.seed(number % 2**32)
    if torch is not None and hasattr(torch, "manual_seed"):
        torch.manual_seed(number)


def change(value: Any, rng: random.Random, depth: int = 0) -> Tuple[Any, bool]:
    """Change one element, where it lies if that can be, to what is beside it if that can be."""
    kind = type(value)
    if kind in (str, bytes, bytearray):
        return _change_text(value, rng)
    if kind is int:
        return value + 1, True
    if kind is float:
        return value * 1.001 + 0.001, True
    if kind not in (list, dict, tuple):
        is_record = hasattr(kind, "__dataclass_fields__") or (isinstance(value, tuple) and hasattr(kind, "_replace"))
        return _change_record(value, rng, depth) if is_record and depth < 8 else (value, _change_array(value, rng))
    keys = list(value) if kind is dict else range(len(value))
    some = rng.sample(keys, min(len(keys), 20)) if depth < 8 else []
    for key in some if kind is not tuple else []:
        old, new = value[key], value[rng.choice(keys)]
        if type(old) is type(new) and type(new) in (int, float, str, bytes) and old != new:
            value[key] = new
            return value, True
    for key in some:
        item, done = change(value[key], rng, depth + 1)
        if done and kind is tuple:
            return tuple(item if n == key else old for n, old in enumerate(value)), True
        if done:
            value[key] = item
            return value, True
    return value, False


def _change_text(value: Any, rng: random.Random) -> Tuple[Any, bool]:
    """Replace a letter by another letter of the text, or a digit by a digit, so that it stays well formed."""
    for _ in range(50 if value else 0):
        target, source = rng.randrange(len(value)), rng.randrange(len(value))
        old, new = value[target : target + 1], value[source : source + 1]
        if old != new and old.isalnum() and (old.isdigit(), old.isalpha()) == (new.isdigit(), new.isalpha()):
            if type(value) is not bytearray:
                return value[:target] + new + value[target + 1 :], True
            value[target] = value[source]
            return value, True
    return value, False


def _change_record(value: Any, rng: random.Random, depth: int) -> Tuple[Any, bool]:
    """Return a record with one field changed, made by its own constructor, so that what it derives stays true."""
    dataclasses: Any = sys.modules.get("dataclasses")  # it is loaded where a class came from it, and slow to load
    names = list(getattr(value, "_fields", ())) or [f.name for f in dataclasses.fields(value) if f.init]
    for name in rng.sample(names, len(names)):
        try:
            changed, done = change(getattr(value, name), rng, depth + 1)
            if done and hasattr(value, "_replace"):
                return value._replace(**{name: changed}), True
            if done:
                return dataclasses.replace(value, **{name: changed}), True
        except Exception:  # foreign code may refuse the value
            continue
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
            target, source = rng.randrange(len(flat)), rng.randrange(len(flat))
            if bool(flat[target] != flat[source]):
                flat[target] = flat[source].item() if hasattr(flat[source], "item") else flat[source]
                return True
        if len(flat):
            flat[rng.randrange(len(flat))] += 1
        return len(flat) > 0
    except Exception:  # a layout or dtype that cannot be written to like this
        return False


def chance() -> Any:
    """Return the state of the random generators, which tells whether somebody has drawn from them."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    states: List[Any] = [random.getstate()]
    if numpy is not None and hasattr(numpy, "random"):
        states += [part if isinstance(part, (str, int)) else str(part) for part in numpy.random.get_state()[2:3]]
    if torch is not None and hasattr(torch, "get_rng_state"):
        states.append(torch.get_rng_state().tolist())
        if torch.cuda.is_initialized():
            states.append(torch.cuda.get_rng_state().tolist())
    return states
