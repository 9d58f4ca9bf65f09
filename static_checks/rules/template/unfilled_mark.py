"""Rule template-unfilled-mark."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from judge.static_checks.change.change import Change, TouchedFile
from judge.static_checks.change.comments import Comment, added_comments
from judge.static_checks.model.finding import Hit, Severity
from judge.static_checks.patch.parse import decode
from judge.static_checks.rule import Example, Rule

_WHAT = r"(?:code|implementation|logic|function|kernel|solution|optimi[sz]ations?|version)"
_UNFILLED = re.compile(
    r"[\[<({]*\s*(?:todo[:\s]*)?(?:"
    rf"(?:write|add|put|insert|place|paste|implement)(?: \w+){{0,2}} {_WHAT} here|"
    rf"your (?:\w+ )?{_WHAT}(?: goes| should go)? here|your {_WHAT}|(?:\w+ )?{_WHAT} (?:goes|should go) here|"
    r"insert [\w ]{1,40} here|replace (?:this|me)(?: with (?:your|the actual|real) [\w ]{1,40})?"
    r")\s*[\])>}]*\s*(?:\.{3}|…)?[.!]?",
    re.IGNORECASE,
)
_UNDONE = re.compile(
    r"(?:todo|fixme)[:\s(-]+(?:implement|fill (?:this )?in|write)"
    r"(?: (?:this|me|it|here|later|(?:(?:this|the) )?(?:method|function|class|kernel|logic)))?[.!]?|"
    r"(?:todo|fixme)[:\s(-]+implement (?:the )?(?:actual|real) .*|"
    r"placeholder(?: (?:implementation|code|logic|function|body)\b.*| for (?:the )?(?:actual|real) .*|\s+- .*)|"
    r".*\breal implementation (?:should|would|goes|will)\b.*|.*\bin a real implementation\b.*|"
    r"simulat(?:e|es|ed|ing) (?:the )?(?:work|computation)[.]?",
    re.IGNORECASE,
)
_LATER = re.compile(r"(?:todo|fixme)\b.*\bimplement\b.*", re.IGNORECASE)
_HINT = re.compile(r"\bhere\b|\byour\b|todo|fixme|placeholder|replace|real implementation|simulat", re.IGNORECASE)
_NOTHING = re.compile(r"pass|\.\.\.|raise NotImplementedError\b.*|return(?: None)?;?|\}.*")
_MESSAGES: dict[Severity, str] = {
    "block": "a mark of a template stands where code should be",
    "warn": "a comment says that code is missing",
    "info": "a comment leaves code to be written",
}
_SET = re.compile(r"\{\{\s*\w+\s*\}\}")
_TEMPLATES = frozenset({".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".template", ".mako", ".in", ".erb"})


def check(change: Change) -> Iterable[Hit]:
    """Find marks of a template that nobody filled in, in comments and in code, never in strings."""
    for comment in added_comments(change, _HINT):
        weight = _weight(comment)
        if weight is not None and not _is_template(comment.file.path):
            message = _MESSAGES[weight]
            yield Hit(message, comment.file.path, comment.line.new, comment.line.text, weight)
    for file in change.python_files:
        if not _is_template(file.path) and any(_SET.search(line.text) for line in file.change.added):
            yield from _code_marks(file)


def _weight(comment: Comment) -> Severity | None:
    text = " ".join(comment.text.split())
    if _UNFILLED.fullmatch(text):
        moved = any(comment.text in line.text for line in comment.file.change.removed)
        certain = comment.alone and comment.sure and not moved and _is_open(comment)
        return "block" if certain else "warn"
    if _UNDONE.fullmatch(text):
        return "warn"
    return "info" if _LATER.fullmatch(text) else None


def _is_open(comment: Comment) -> bool:
    """Whether no code stands where the mark says that code goes."""
    lines = decode(comment.file.after or b"").split("\n")
    here = _indent(comment.line.text)
    for line in lines[comment.line.new or 0 :]:
        bare = line.strip()
        if bare and not bare.startswith(("#", "//", "/*", "*")):
            return _indent(line) < here or bool(_NOTHING.fullmatch(bare))
    return True


def _indent(line: str) -> int:
    return len(line.expandtabs()) - len(line.expandtabs().lstrip())


def _code_marks(file: TouchedFile) -> Iterator[Hit]:
    """Find `{{ name }}` outside of strings: as Python it is a set in a set, which always raises TypeError."""
    source = file.source_after
    for node in ast.walk(source.tree) if source and source.tree else ():
        if (
            isinstance(node, ast.Set)
            and isinstance(node.elts[0], ast.Set)
            and len(node.elts) == 1
            and node.lineno in file.added_lines
        ):
            yield Hit("a template mark stands in the code", file.path, node.lineno, ast.unparse(node))


def _is_template(path: str) -> bool:
    pure = PurePosixPath(path)
    return "{{" in path or pure.suffix in _TEMPLATES or any("template" in part.lower() for part in pure.parts[:-1])


RULE = Rule(
    code="template-unfilled-mark",
    gate="template",
    summary="A mark of a template is not filled in.",
    why="'YOUR CODE HERE', `<insert implementation here>` and `{{ name }}` in code are what a template says before "
    "somebody fills it in. Where code follows the mark, or a comment says 'placeholder implementation', it is a "
    "warning; 'TODO: implement X' is a remark. Strings, documentation and template files are left alone.",
    severity="block",
    bad=Example(
        before={"a.py": "def f(x):\n    return x\n"},
        after={"a.py": "def f(x):\n    if x:\n        # YOUR OPTIMIZED CODE HERE\n        pass\n    return x\n"},
    ),
    good=Example(
        before={"a.py": "def f(x):\n    return x\n"},
        after={
            "a.py": "def f(x):\n    # The code here is hot; your change must keep it so.\n"
            '    return f"{{{x}}} YOUR CODE HERE"\n',
            "page.html.j2": "<p>{{ name }}</p>\n",
        },
    ),
    check=check,
)
