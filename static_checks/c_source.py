"""One C, C++ or CUDA file as the rules see it: its comments, and the tokens the compiler sees; nothing is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PIECES = re.compile(
    r"""
    (?P<include>^[ \t]*\#[ \t]*include[ \t]*<[^>\n]*>)
  | (?P<comment>//(?:\\\r?\n|[^\n])*|/\*.*?(?:\*/|\Z))
  | (?P<string>(?:\b(?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"|(?:\b(?:u8|[uUL]))?"(?:\\.|[^"\\\n])*")\w*)
  | (?P<char>(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+')
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_TOKENS = re.compile(
    r"\.?\d(?:[eEpP][+-]|'?\w|\.)*|\w+|<<=|>>=|<=>|->\*|\.\.\.|<<<|>>>|::|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||##"
    r"|[-+*/%&|^]=|\.\*|\S"
)


def c_comments(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield each line of each comment: its number, its text without markers, whether no code is on that line."""
    for found in _PIECES.finditer(text):
        if found["comment"] is None:
            continue
        first = text.count("\n", 0, found.start()) + 1
        before = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
        end = text.find("\n", found.end())
        after = text[found.end() : end if end >= 0 else len(text)]
        lines = found["comment"].split("\n")
        for number, line in enumerate(lines):
            alone = (number > 0 or not before.strip()) and (number < len(lines) - 1 or not after.strip())
            yield first + number, line.strip().strip("/*").strip(), alone


def c_code(text: str) -> list[str]:
    """Return what is left without comments and layout; equal lists compile to the same code.

    A preprocessor directive is one element, since white space has a meaning there.
    """
    kept: list[str] = []

    def stash(found: re.Match[str]) -> str:
        if found["comment"] is not None:
            return " "
        kept.append(found[0].strip())
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
    return re.sub(r"\0(\d+)\0", lambda found: kept[int(found[1])], line)
