"""Writes a language model of a few hundred kilobytes that any llama.cpp server loads; its answers mean nothing.

Its vocabulary is the 256 bytes, so it reads and writes any text. It is a table of which byte follows which, put into
the weights of a one-layer llama: free strings come out as "U1", lists hold one item. So JSON that a schema constrains
comes to an end, and where the schema leaves a choice (an enum, a number) the sampler takes any.

Format: GGUF version 3, https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
"""

from __future__ import annotations

import array
import random
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

_WIDTH = 288  # one direction for each token, rounded up to what the kernels like
_HEADS = 2
_FEED_FORWARD = 32
_END = 256
_CONTEXT = 131_072
_U32, _F32, _BOOL, _STRING, _ARRAY, _I32 = 4, 6, 7, 8, 9, 5
_NORMAL, _CONTROL = 1, 3

_FOLLOWS = {'"': "U", "U": "1", "1": '"', "[": "{", "{": '"', "}": "]", "]": "}", ":": '"', ",": '"', " ": '"'}
"""What comes next where the schema leaves the choice; the schema overrules it everywhere else."""


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
        "llama.attention.head_count": _u32(_HEADS),
        "llama.attention.head_count_kv": _u32(1),
        "llama.attention.layer_norm_rms_epsilon": _value(_F32, struct.pack("<f", 1e-5)),
        "llama.rope.dimension_count": _u32(_WIDTH // _HEADS),
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
    key = _WIDTH // _HEADS

    def noise(count: int, scale: float) -> list[float]:
        return [rng.uniform(-scale, scale) for _ in range(count)]

    one_hot = [0.0] * (vocabulary * _WIDTH)
    for token in range(vocabulary):
        one_hot[token * _WIDTH + token] = 1.0
    output = noise(vocabulary * _WIDTH, 0.03)
    for before, after in _FOLLOWS.items():
        output[ord(after) * _WIDTH + ord(before)] = 1.0
    for token in range(vocabulary):
        output[_END * _WIDTH + token] = 0.5  # the end as soon as the schema allows it
    ones = [1.0] * _WIDTH
    yield "token_embd.weight", ((_WIDTH, vocabulary), one_hot)
    yield "blk.0.attn_norm.weight", ((_WIDTH,), ones)
    yield "blk.0.attn_q.weight", ((_WIDTH, _WIDTH), noise(_WIDTH * _WIDTH, 0.01))
    yield "blk.0.attn_k.weight", ((_WIDTH, key), noise(_WIDTH * key, 0.01))
    yield "blk.0.attn_v.weight", ((_WIDTH, key), noise(_WIDTH * key, 0.001))
    yield "blk.0.attn_output.weight", ((_WIDTH, _WIDTH), noise(_WIDTH * _WIDTH, 0.001))
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
