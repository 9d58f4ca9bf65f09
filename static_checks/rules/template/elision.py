"""Rule template-elision."""

import re
from collections.abc import Iterable

from judge.static_checks.change.change import Change
from judge.static_checks.change.comments import Comment, added_comments
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule

_DOTS = r"(?:\.{3,}|…)"
_THING = (
    r"(?:code|implementation|logic|methods?|functions?|file|class(?:es)?|imports?|body|contents?|lines?|fields?|"
    r"definitions?|initiali[sz]ation|setup|parameters|arguments|attributes|module|kernel|loop|script)"
)
_KIND = r"(?:existing|remaining|previous|original|other|same|unchanged|old|rest of(?: the| this| your)?(?: \w+)?)"
_AWAY = (
    r"(?:(?:is|are|remains?|stays?|goes|continues)? ?(?:exactly )?(?:the same|unchanged|as before|as is|"
    r"omitted(?: for brevity| here)?|not shown|here|continues|(?:same )?as (?:the )?original))"
)
_SURE = (
    # "... existing code ...": dots before the words, and nothing but the words
    rf"{_DOTS}\s*[\[(]?(?:(?:keep|the|and|all|any|your|with) )*{_KIND}(?: \w+)? {_THING}(?: {_AWAY})?",
    rf"{_DOTS}\s*[\[(]?(?:{_KIND} )?(?:{_THING} )?(?:unchanged|same as (?:before|above)|omitted(?: for brevity)?)",
    rf"{_DOTS}\s*[\[(]?snip(?:ped)?",
    rf"{_DOTS}\s*[\[(]?rest of (?:the |this )?{_THING}(?: {_AWAY})?",
    # "rest of the function unchanged": the words say that something is not written here
    rf"(?:the )?rest of (?:the |this |your )?(?:\w+ )?{_THING} {_AWAY}",
    rf"(?:the |your )?(?:existing|remaining|original|previous) {_THING} {_AWAY}",
    rf"(?:{_THING} )?omitted for brevity",
)
_ELISION = re.compile(rf"[\[(<{{]?\s*(?:{'|'.join(_SURE)})\s*[\])>}}]?[.:]?\s*{_DOTS}?\s*[\])>}}]?", re.IGNORECASE)
_LIKELY = re.compile(
    rf"[\[(<]?(?:the )?(?:(?:existing|remaining|other|previous|original)|rest of(?: the)?) {_THING}\s*{_DOTS}[\])>]?",
    re.IGNORECASE,
)
_HINT = re.compile(
    r"^(?=.*(?:existing|rest of|remaining|previous|original|other|same|unchanged|omitted|snip))"
    r".*(?:\.{3}|…|unchanged|the same|as before|as is|omitted|not shown|here\b|continues|as (?:the )?original)",
    re.IGNORECASE,
)


def check(change: Change) -> Iterable[Hit]:
    """Find added comments that stand for code left out."""
    for comment in added_comments(change, _HINT):
        text = " ".join(comment.text.split())
        sure = bool(_ELISION.fullmatch(text))
        if comment.alone and (sure or _LIKELY.fullmatch(text)):
            certain = sure and comment.sure and _replaces_code(comment)
            message = (
                "a comment stands where code was left out" if certain else "a comment reads as if code was left out"
            )
            yield Hit(message, comment.file.path, comment.line.new, comment.line.text, None if certain else "warn")


def _replaces_code(comment: Comment) -> bool:
    """Whether something is missing there: code was removed beside it, or all around it is new."""
    change = comment.file.change
    if comment.file.before is None:
        return True
    hunk = next(hunk for hunk in change.hunks if comment.line in hunk.lines)
    if any(near.kind == "-" and near.text.strip() for near in hunk.lines):
        return True
    line = comment.line.new or 0
    return any(definition.start <= line <= definition.end for definition in comment.file.added_definitions)


RULE = Rule(
    code="template-elision",
    gate="template",
    summary="An added comment stands for code that was left out.",
    why="'... existing code ...' is how a model abridges a file it shows to a person. Applied as a patch, "
    "it replaces the code it names by a comment. Where nothing was removed beside it, it is a warning.",
    severity="block",
    bad=Example(
        before={"a.py": "def f():\n    x = 1\n    y = 2\n    return x + y\n"},
        after={"a.py": "def f():\n    # ... existing code ...\n    return 3\n"},
    ),
    good=Example(
        before={"a.py": "def f():\n    return 1\n"},
        after={
            "a.py": "def f():\n    # Keep the existing order of imports...\n"
            '    prompt = """\n    # ... existing code ...\n    """\n    return prompt\n'
        },
    ),
    check=check,
)
