"""How many tokens a text has at most, without anybody's tokenizer."""

from __future__ import annotations

import re

_PIECES = re.compile(
    r"(?P<word>[A-Za-z]+)|(?P<number>[0-9]+)|(?P<space>\n[ \t]*|\t|[ \t]{2,})|(?P<sign>[!-/:-@\[-`{-~]+)"
    r"|(?P<other>[^\t\n\x20-\x7e]+)"
)


def estimate_tokens(text: str) -> int:
    """Return an estimate of the tokens of code or prose that is meant to be too high, not too low.

    A word counts one for every five letters, a number or a run of signs one for every two, an indentation one, and
    every byte beyond ASCII one. Measured on 179 human diffs, 98 candidate diffs and 60 task texts of the run archive
    against four tokenizers (cl100k_base, o200k_base, the one Anthropic published for Claude 2, DeepSeek's): 1.00 to
    1.23 times the largest of the four for every single text (median 1.11). On 136 whole questions it was 1.04 to 1.49
    times the count of any of the four (in all, 1.13 times the largest and 1.36 times cl100k_base). Newer tokenizers of
    Anthropic are not public and may count more. Text made to be dense (random letters) can exceed the estimate: such
    a question is refused by the provider, and never cut.
    """
    total = 0
    for piece in _PIECES.finditer(text):
        match piece.lastgroup:
            case "word":
                total += (len(piece[0]) + 4) // 5
            case "number" | "sign":
                total += (len(piece[0]) + 1) // 2
            case "space":
                total += 1
            case _:
                total += len(piece[0].encode("utf-8", "surrogatepass"))
    return total
