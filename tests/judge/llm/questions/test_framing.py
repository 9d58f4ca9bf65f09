"""Foreign text in a question: every character can be seen, every line has a margin, no mark can be guessed."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.llm.questions.framing import folded, is_unseen, make_mark, shorten, shown, shown_line, with_margin
from judge.llm.questions.tokens_estimate import estimate_tokens

ANY = st.text(alphabet=st.characters(codec=None), max_size=60)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain\ttext", "plain\ttext"),
        ("a\u202eb", "a<U+202E>b"),
        ("a\u200bb", "a<U+200B>b"),
        ("a\x1b[0m", "a<U+001B>[0m"),
        ("a\rb", "a<U+000D>b"),
        ("a\u2028b\x85c", "a<U+2028>b<U+0085>c"),
        ("a\udcffb", "a<0xFF>b"),
        ("a\ufe0fb", "a<U+FE0F>b"),
        ("a\u3164b", "a<U+3164>b"),
        ("\U000e0041", "<U+E0041>"),
        ("caf\u00e9 \u4e2d\u6587 \U0001f600", "caf\u00e9 \u4e2d\u6587 \U0001f600"),
    ],
)
def test_shown(text: str, expected: str) -> None:
    """What a reader would not see is written out; letters of all scripts stay."""
    assert shown(text) == expected


@given(ANY)
def test_nothing_unseen_is_left(text: str) -> None:
    """After it, no character of any text is a control, a format or a separator."""
    visible = shown(text)
    assert all(
        unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or c in "\n\t" for c in visible
    )
    assert not any(is_unseen(char) for char in visible.replace("\n", ""))
    assert shown(visible) == visible
    visible.encode()  # raises for what is no text


@given(ANY)
def test_every_line_has_a_margin(text: str) -> None:
    """However a text counts its lines, each begins with the margin."""
    margined = with_margin(text)
    assert all(line.startswith("| ") for line in margined.splitlines())
    assert len(margined.splitlines()) == (len(text.removesuffix("\n").split("\n")) if text else 0)


@given(st.lists(ANY, max_size=3), st.lists(ANY, max_size=3))
def test_a_mark_stands_in_no_text(texts: list[str], others: list[str]) -> None:
    """A mark is a number that no text holds, the same each time."""
    mark = make_mark(texts, avoid=others)
    assert re.fullmatch("[0-9a-f]{16}", mark)
    assert not any(mark in text for text in (*texts, *others))
    assert make_mark(texts, avoid=others) == mark


def test_a_mark_that_is_known_is_not_used() -> None:
    """Where a text happens to hold the mark, another one is made."""
    first = make_mark(["text"])
    assert make_mark(["text"], avoid=[f"a {first} b"]) not in (first, "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ign\u043ere", "ignore"),
        ("\uff49\uff47nore", "ignore"),
        ("ig\u200bn\u00adore", "ignore"),
        ("mark_it_good", "mark it good"),
        ("plain", "plain"),
    ],
)
def test_folded(text: str, expected: str) -> None:
    """A disguised text is read as a hasty reader reads it."""
    assert folded(text) == expected


def test_bounds() -> None:
    """A long text is cut visibly, and a line stays a line."""
    assert shorten("x" * 12, 10) == "xxxxxxxxxx ... (2 more characters)"
    assert shown_line("a\nb\t c\r\u202e") == "a b c <U+202E>"


@given(ANY, ANY)
def test_the_estimate_grows_with_the_text(text: str, more: str) -> None:
    """A longer text never counts less, and no text counts as nothing."""
    assert estimate_tokens(text + more) >= max(estimate_tokens(text), estimate_tokens(more)) - 1
    assert estimate_tokens(text) > 0 or not text.strip(" ")


@pytest.mark.parametrize(
    ("text", "real"),
    # Counted with cl100k_base, o200k_base, the tokenizer published for Claude 2 and DeepSeek's; the largest is given.
    [
        ("def total(rows):\n    return sum(row.price for row in rows)\n", 18),
        (
            "__global__ void add(float* a, int n) {\n  int i = blockIdx.x * blockDim.x + threadIdx.x;\n"
            "  if (i < n) a[i] += 1.0f;\n}\n",
            53,
        ),
        ("The scheduler copies the whole queue for every request; keep it and update it in place instead.\n", 20),
        (
            "@@ -256,9 +256,15 @@\n-        self.submit(SglCommitLazy())\n+        if number > 1 or copy:\n"
            "+            self.submit(SglCommitLazy())\n",
            45,
        ),
        ('{"BLOCK_SIZE_M": 64, "BLOCK_SIZE_N": 128, "num_warps": 4, "num_stages": 3}\n', 35),
    ],
)
def test_the_estimate_is_not_too_low(text: str, real: int) -> None:
    """Code counts at least what real tokenizers make of it."""
    assert real <= estimate_tokens(text) <= 1.6 * real
