"""One C, C++ or CUDA file as the rules see it: its comments, and the tokens the compiler sees; nothing is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PIECES = re.compile(
    r"""
    (?P<include>^[ \t]*\#[ \t]*include[ \t]*<[^>\n]*>)
  | (?P<comment>//(?:\\\r?\n|[^\n])*|/\*.*?(?:\*/|\Z))
  | (?P<raw>\b(?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"\w*)
  | (?P<string>(?:\b(?:u8|[uUL]))?"(?:\\.|[^"\\\n])*"\w*)
  | (?P<char>(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+')
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_TOKENS = re.compile(
    r"\.?\d(?:[eEpP][+-]|'?\w|\.)*|\w+|<<=|>>=|<=>|->\*|\.\.\.|<<<|>>>|::|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||##"
    r"|[-+*/%&|^]=|\.\*|\S"
)


MAX_CHARACTERS = 4 << 20
MAX_RAW_STRINGS = 1000
"""A text with more raw strings is not read: each one without an end would be searched for to the end of the file."""


def readable(text: str) -> bool:
    """Whether the text can be read in reasonable time."""
    return len(text) <= MAX_CHARACTERS and text.count('R"') <= MAX_RAW_STRINGS


def c_comments(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield each line of each comment: its number, its text without markers, whether no code is on that line."""
    number, at = 1, 0
    for piece in _PIECES.finditer(text):
        if piece["comment"] is None:
            continue
        number += text.count("\n", at, piece.start())
        at = piece.start()
        before = text[text.rfind("\n", 0, at) + 1 : at]
        end = text.find("\n", piece.end())
        after = text[piece.end() : end if end >= 0 else len(text)]
        lines = piece["comment"].split("\n")
        for ahead, line in enumerate(lines):
            alone = (ahead > 0 or not before.strip()) and (ahead < len(lines) - 1 or not after.strip())
            yield number + ahead, line.strip().strip("/*").strip(), alone


def c_code(text: str) -> list[str]:
    """Return what is left without comments and layout; equal lists compile to the same code.

    A preprocessor directive is one element, since white space has a meaning there.
    """
    kept: list[str] = []

    def stash(piece: re.Match[str]) -> str:
        if piece["comment"] is not None:
            return " "
        kept.append(piece[0].strip())
        return f" \0{len(kept) - 1}\0 "

    plain = _PIECES.sub(stash, text.replace("\r\n", "\n").replace("\0", "\ufffd")).replace("\\\n", " ")
    code: list[str] = []
    for line in plain.split("\n"):
        bare = line.strip()
        if bare.startswith("#"):
            code.append(_restore(" ".join(bare.split()), kept))
        else:
            code += _tokens(bare, kept)
    return code


def _tokens(line: str, kept: list[str]) -> list[str]:
    parts = line.split("\0")
    # Odd parts are numbers of stashed literals, even ones are code between them.
    return [t for n, part in enumerate(parts) for t in ([kept[int(part)]] if n % 2 else _TOKENS.findall(part))]


def _restore(line: str, kept: list[str]) -> str:
    return re.sub(r"\0(\d+)\0", lambda piece: kept[int(piece[1])], line)


def c_pieces(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield (kind, start, end) of the parts that are not plain code: comment, string, raw, char, include."""
    for piece in _PIECES.finditer(text):
        yield str(piece.lastgroup), piece.start(), piece.end()
