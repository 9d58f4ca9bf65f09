"""Writes a language model of a few hundred kilobytes that any llama.cpp server loads; what it says means nothing.

Its vocabulary is the 256 bytes, so it reads and writes any text. Its weights are a table of which byte follows which,
and one attention head that looks four bytes back: so free strings come out as `WORD`, except that after the key
`"unit":"` it writes `U1`, lists hold one item, and of an enum it prefers what begins with c or s ("covered", "same").
JSON that a schema constrains thus comes to an end, and its quotes stand in a file that is called and holds `WORD`.

Format: GGUF version 3, https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
"""

from __future__ import annotations

import array
import math
import random
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

_WIDTH = 288  # one direction for each token, rounded up to what the kernels like
_HEAD = 16
_FEED_FORWARD = 32
_END = 256
_CONTEXT = 131_072
_U32, _F32, _BOOL, _STRING, _ARRAY, _I32 = 4, 6, 7, 8, 9, 5
_NORMAL, _CONTROL = 1, 3

WORD = "workflag"
"""What it writes wherever it may write anything: no letter twice, none that `_KEY_SIGN` is."""

_BACK = 4
_KEY_SIGN = "i"  # the byte four before the first one of the value of "unit", and of no other free string
_FLAG = 280  # a direction that no token has: set where the head saw `_KEY_SIGN`
_ROPE_BASE = 100.0

_FOLLOWS: dict[str, dict[str, float]] = {
    '"': {WORD[0]: 1.5, "U": 1.0, "c": 0.8, "s": 0.8, ":": 0.6, ",": 0.6, "}": 0.6, "]": 0.6},
    **{first: {then: 1.0} for first, then in zip(WORD, WORD[1:] + '"', strict=True)},
    "U": {"1": 1.0},
    "1": {'"': 1.0},
    "d": {'"': 1.0},
    "[": {"{": 1.0},
    "{": {'"': 1.0},
    "}": {"]": 1.0, ",": 0.7, "}": 0.7},
    "]": {",": 1.0, "}": 0.7},
    ":": {'"': 1.0, "[": 0.7},
    ",": {'"': 1.0},
}
"""How likely a byte is after another, where the schema leaves the choice; it overrules all of this elsewhere."""


def write_tiny_model(path: Path, *, seed: int = 0) -> Path:
    """Write the model and return its path."""
    tensors = dict(_tensors(random.Random(seed)))
    head = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(_metadata()))]
    head += [_text(key) + value for key, value in _metadata().items()]
    data: list[bytes] = []
    offset = 0
    for name, (shape, numbers) in tensors.items():
        head.append(_text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, offset))
        raw = array.array("f", numbers).tobytes()
        data.append(raw + bytes(-len(raw) % 32))
        offset += len(data[-1])
    start = b"".join(head)
    path.write_bytes(start + bytes(-len(start) % 32) + b"".join(data))
    return path


def _metadata() -> Mapping[str, bytes]:
    tokens = [*_byte_names(), "<|end|>"]
    kinds = [_NORMAL] * 256 + [_CONTROL]
    return {
        "general.architecture": _value(_STRING, _text("llama")),
        "general.name": _value(_STRING, _text("tiny")),
        "llama.vocab_size": _u32(len(tokens)),
        "llama.context_length": _u32(_CONTEXT),
        "llama.embedding_length": _u32(_WIDTH),
        "llama.block_count": _u32(1),
        "llama.feed_forward_length": _u32(_FEED_FORWARD),
        "llama.attention.head_count": _u32(1),
        "llama.attention.head_count_kv": _u32(1),
        "llama.attention.layer_norm_rms_epsilon": _value(_F32, struct.pack("<f", 1e-5)),
        "llama.attention.key_length": _u32(_HEAD),
        "llama.attention.value_length": _u32(_HEAD),
        "llama.rope.dimension_count": _u32(_HEAD),
        "llama.rope.freq_base": _value(_F32, struct.pack("<f", _ROPE_BASE)),
        "tokenizer.ggml.model": _value(_STRING, _text("gpt2")),
        "tokenizer.ggml.pre": _value(_STRING, _text("gpt-2")),
        "tokenizer.ggml.tokens": _list(_STRING, map(_text, tokens), len(tokens)),
        "tokenizer.ggml.token_type": _list(_I32, (struct.pack("<i", kind) for kind in kinds), len(kinds)),
        "tokenizer.ggml.merges": _list(_STRING, [_text("a b")], 1),
        "tokenizer.ggml.eos_token_id": _u32(_END),
        "tokenizer.ggml.bos_token_id": _u32(_END),
        "tokenizer.ggml.add_bos_token": _value(_BOOL, b"\0"),
    }


def _tensors(rng: random.Random) -> Iterable[tuple[str, tuple[tuple[int, ...], list[float]]]]:
    """Name, shape (fastest first) and numbers of each tensor."""
    vocabulary = 257

    def noise(count: int, scale: float) -> list[float]:
        return [rng.uniform(-scale, scale) for _ in range(count)]

    one_hot = [0.0] * (vocabulary * _WIDTH)
    for token in range(vocabulary):
        one_hot[token * _WIDTH + token] = 1.0
    output = noise(vocabulary * _WIDTH, 0.03)
    for before, likely in _FOLLOWS.items():
        for after, weight in likely.items():
            output[ord(after) * _WIDTH + ord(before)] = weight
    for token in range(vocabulary):
        output[_END * _WIDTH + token] = 0.5  # the end as soon as the schema allows it
    output[ord("U") * _WIDTH + _FLAG] = 1.2

    # Keys are the same for all tokens and queries turned back by four positions, so that the rotation of positions
    # alone decides where the head looks; both are large, so that it looks at one byte.
    turn = [_BACK * _ROPE_BASE ** (-pair / (_HEAD // 2)) for pair in range(_HEAD // 2)]
    query = [part for angle in turn for part in (math.cos(angle), -math.sin(angle))]
    queries = [number for row in query for number in [row] * _WIDTH]
    keys = [number for row in range(_HEAD) for number in [1.0 - row % 2] * _WIDTH]
    values = [0.0] * (_HEAD * _WIDTH)
    values[ord(_KEY_SIGN)] = 1 / math.sqrt(_WIDTH)
    mixed = [0.0] * (_WIDTH * _HEAD)
    mixed[_FLAG * _HEAD] = 1.0

    ones = [1.0] * _WIDTH
    yield "token_embd.weight", ((_WIDTH, vocabulary), one_hot)
    yield "blk.0.attn_norm.weight", ((_WIDTH,), ones)
    yield "blk.0.attn_q.weight", ((_WIDTH, _HEAD), queries)
    yield "blk.0.attn_k.weight", ((_WIDTH, _HEAD), keys)
    yield "blk.0.attn_v.weight", ((_WIDTH, _HEAD), values)
    yield "blk.0.attn_output.weight", ((_HEAD, _WIDTH), mixed)
    yield "blk.0.ffn_norm.weight", ((_WIDTH,), ones)
    yield "blk.0.ffn_gate.weight", ((_WIDTH, _FEED_FORWARD), noise(_WIDTH * _FEED_FORWARD, 0.001))
    yield "blk.0.ffn_up.weight", ((_WIDTH, _FEED_FORWARD), noise(_WIDTH * _FEED_FORWARD, 0.001))
    yield "blk.0.ffn_down.weight", ((_FEED_FORWARD, _WIDTH), noise(_WIDTH * _FEED_FORWARD, 0.001))
    yield "output_norm.weight", ((_WIDTH,), ones)
    yield "output.weight", ((_WIDTH, vocabulary), output)


def _byte_names() -> list[str]:
    """The character that stands for each byte in byte-level vocabularies (GPT-2's `bytes_to_unicode`)."""
    plain = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    names, spare = [], 0x100
    for byte in range(256):
        names.append(chr(byte if byte in plain else spare))
        spare += byte not in plain
    return names


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _value(kind: int, raw: bytes) -> bytes:
    return struct.pack("<I", kind) + raw


def _u32(number: int) -> bytes:
    return _value(_U32, struct.pack("<I", number))


def _list(kind: int, items: Iterable[bytes], count: int) -> bytes:
    return _value(_ARRAY, struct.pack("<IQ", kind, count) + b"".join(items))
