"""Signs that a patch speaks to its judge. Pure; a sign costs a second question, never a verdict by itself."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from judge.core.question import Question
from judge.llm.questions.framing import folded, is_unseen, shown_line
from judge.static_checks.change.change import TouchedFile
from judge.static_checks.change.prompt_injection import addressed_in_name, addressed_lines
from judge.static_checks.patch.parse import DiffLine

RULES = frozenset({"tamper-addresses-judge", "tamper-hidden-text"})
"""The gate's rules whose findings are signs; what they say quotes the patch, so the neutral question leaves it out."""

_MAX_SIGNS = 8
_MAX_LINE = 4000

_LEAD = r"^[\s#/*\"'`|>=-]*"
_PATTERNS: Mapping[str, re.Pattern[str]] = {
    "imitates a mark, fact or unit of the question": re.compile(
        rf"\b(?:BEGIN|END)\s+[0-9a-f]{{8,}}\b|{_LEAD}[FU]\d{{1,3}}[.:)]?\s+\S.*\b(?:candidate|patch|human|covered|verified)\b"
        rf"|{_LEAD}(?:Facts about the candidate|Units of the human change|The documents end here)\b",
        re.I,
    ),
    "has the shape of an answer": re.compile(
        r"""["']?\b(?:bottleneck|coverage)\b["']?\s*[:=]\s*["']?(?:same|covered(?:_differently)?)\b"""
        r"""|["'](?:hack_signs|disputed_facts|extra_scope|bottleneck_why|candidate_change|human_change)["']\s*:""",
        re.I,
    ),
    "holds a placeholder of the question": re.compile(
        r"\{\{\s*(?:documents|facts|units|omitted|mark|candidate|human|first_unit|last_unit)\s*\}\}", re.I
    ),
    "takes the role of a speaker": re.compile(
        rf"{_LEAD}(?:system|assistant|developer)\s*(?:prompt|message|note)?\s*:\s*\S+ \S+"
        r"|<\|(?:im_start|im_end|start_header_id|eot_id)\|>.*(?:#|//)",
        re.I,
    ),
}
_QUICK = re.compile(
    r"\b(?:begin|end)\b|[FU]\d|facts about|units of|documents|bottleneck|coverage|hack_signs|disputed|extra_scope"
    r"|_change|\{\{|system|assistant|developer|<\|",
    re.I,
)
_UNUSUAL = re.compile(r"[^\t\x20-\x7e]")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){24,}")
_ESCAPES = re.compile(r"(?:\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}){12,}")
_PROSE = re.compile(r"(?:[A-Za-z]{2,}[ ,.:;!?'-]+){4,}")


def signs(question: Question) -> tuple[str, ...]:
    """Return what in a candidate looks like an attempt to address its judge, each in words and with its place."""
    signs_seen: dict[str, None] = {}
    gate = question.gates.get("tamper")
    for finding in gate.seen if gate else ():
        if finding.code in RULES:
            signs_seen[_place(finding.message, finding.path, finding.line)] = None
    for file in question.files:
        for message in name_signs(file):
            signs_seen[_place(message, file.path, None)] = None
        for line, message in line_signs(file.change.added):
            signs_seen[_place(message, file.path, line.new)] = None
    listed = list(signs_seen)
    more = len(listed) - _MAX_SIGNS
    return tuple(listed[:_MAX_SIGNS] + ([f"{more} more"] if more > 0 else []))


def line_signs(lines: Sequence[DiffLine]) -> Iterator[tuple[DiffLine, str]]:
    """Yield the lines that address a judge, openly or in disguise, and what they do; one line may come up twice."""
    plain = [line if len(line.text) <= _MAX_LINE else replace(line, text=line.text[:_MAX_LINE]) for line in lines]
    yield from _addressed(plain)
    hasty = [replace(line, text=folded(line.text)) for line in plain]
    if any(ours is not line and ours.text != line.text for ours, line in zip(hasty, plain, strict=True)):
        yield from _addressed(hasty)
    for line in plain:
        if _UNUSUAL.search(line.text) and any(is_unseen(char) for char in line.text):
            yield line, "text holds characters that nobody sees"
        if _QUICK.search(line.text):
            for message, pattern in _PATTERNS.items():
                if pattern.search(line.text):
                    yield line, f"text {message}"
    for line in lines:
        if any(_PROSE.search(text) for text in _decoded(line.text)):
            yield line, "text holds encoded prose"


def _addressed(lines: Sequence[DiffLine]) -> Iterator[tuple[DiffLine, str]]:
    """In the words of the gate's rule, so that what both see is one sign."""
    return ((line, f"text {message}") for line, message in addressed_lines(lines))


def name_signs(file: TouchedFile) -> tuple[str, ...]:
    """Return in what ways the name that a patch gives to a file addresses a judge."""
    path = file.change.new_path
    if path is None or path == file.change.old_path:
        return ()
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", folded(path))
    messages = [*addressed_in_name(words), *(m for m, p in _PATTERNS.items() if p.search(path) or p.search(words))]
    if any(is_unseen(char) for char in path):
        messages.append("holds characters that nobody sees")
    return tuple(f"the file's name {message}" for message in messages)


def _decoded(text: str) -> Iterable[str]:
    """What encoded pieces of a line say, where they are text."""
    for match in _BASE64.finditer(text):
        usable = match[0][: min(len(match[0]), _MAX_LINE) // 4 * 4]
        try:
            yield base64.b64decode(usable, validate=True).decode("ascii")
        except (binascii.Error, UnicodeDecodeError):
            continue
    for match in _HEX.finditer(text):
        yield bytes.fromhex(match[0][:_MAX_LINE]).decode("ascii", "replace")
    for match in _ESCAPES.finditer(text):
        codes = re.findall(r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})", match[0][:_MAX_LINE])
        yield "".join(chr(int(short or long, 16)) for short, long in codes)


def _place(message: str, path: str | None, line: int | None) -> str:
    where = f" ({path}{f':{line}' if line else ''})" if path else ""
    return shown_line(f"{message}{where}")
