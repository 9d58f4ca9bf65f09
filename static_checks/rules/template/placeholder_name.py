"""Rule template-placeholder-name."""

import ast
import builtins
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from judge.static_checks.change.change import Change, TouchedFile
from judge.static_checks.model.finding import Hit
from judge.static_checks.rule import Example, Rule
from judge.static_checks.source.paths import is_library, is_test

_NOUN = (
    r"(?:attribute|attr|tensor|function|func|fn|method|variable|var|module|class|model|kernel|layer|value|param|"
    r"parameter|field|object|obj|operation|condition|flag|buffer|config|data|input|output|array|matrix|list|dict|"
    r"thing|code|logic|implementation)s?"
)
_SURE = re.compile(
    rf"_*(?:some|another|your)_(?:\w+_)?{_NOUN}\d*|(?:my|your)_optimi[sz]ed_\w+|"
    r"(?:Some|Another|Your)(?:[A-Z]\w*)?(?:Class|Module|Model|Function|Layer|Kernel|Attribute|Tensor)|"
    r"(?:insert|put|your)_\w+_(?:goes_)?here|replace_me\w*|fill_me_in"
)
_LIKELY = re.compile(
    rf"_*my_(?:\w+_)?{_NOUN}\d*|My(?:[A-Z]\w*)?(?:Class|Module|Function|Kernel)|placeholder_\w+|\w+_placeholder|"
    r"(?:example|dummy|hypothetical)_(?:function|func|method)|\w+_goes_here|todo_\w+"
)
_WORD = re.compile(rf"\b(?:{_SURE.pattern}|{_LIKELY.pattern})\b")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Use:
    """One use of a placeholder-like name in added code; `fact`: nothing outside of the tree can provide it."""

    file: TouchedFile
    name: str
    line: int
    fact: bool


def check(change: Change) -> Iterable[Hit]:
    """Find placeholder-like names in added code that nothing in the tree or in the patch defines."""
    files = [
        f for f in change.python_files if not is_test(f.path) and any(_WORD.search(a.text) for a in f.change.added)
    ]
    uses = [use for file in files for use in _uses(file)]
    if not uses:
        return
    known = set(dir(builtins)).union(*(_bound(file) for file in change.python_files))
    unknown = {use.name for use in uses} - known
    unknown -= change.base.mentions(unknown, outside=frozenset()) if unknown else set()
    for use in uses:
        if use.name in unknown:
            source = use.file.source_after
            quote = source.lines[use.line - 1] if source else None
            sure = use.fact and is_library(use.file.path)
            message = f"{use.name!r} exists nowhere else, in the tree or in the patch"
            yield Hit(message, use.file.path, use.line, quote, None if sure else "warn")


def _uses(file: TouchedFile) -> Iterator[_Use]:
    """The first use of each name on an added line, outside of comments and strings."""
    source, seen = file.source_after, set[str]()
    tree = source.tree if source else None
    uses = _in_tree(tree) if tree else _in_tokens(source.text if source else "")
    for name, line, fact in sorted(uses, key=lambda use: use[1]):
        if line in file.added_lines and name not in seen and _WORD.fullmatch(name):
            seen.add(name)
            yield _Use(file=file, name=name, line=line, fact=fact)


def _in_tree(tree: ast.Module) -> Iterator[tuple[str, int, bool]]:
    imports = (node.names for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))
    imported = {(alias.asname or alias.name).split(".")[0] for names in imports for alias in names}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, lineno=line, ctx=ast.Load()):
                yield name, line, "*" not in imported
            case ast.Attribute(attr=name, lineno=line):
                yield name, node.end_lineno or line, bool(_SURE.fullmatch(name)) and _root(node) not in imported
            case ast.Call() if (literal := _looked_up_name(node)) is not None:
                yield str(literal.value), node.lineno, bool(_SURE.fullmatch(str(literal.value)))


def _looked_up_name(node: ast.AST) -> ast.Constant | None:
    """The name in `hasattr(x, NAME)` or `getattr(x, NAME)`."""
    match node:
        case ast.Call(func=ast.Name(id="hasattr" | "getattr"), args=[_, ast.Constant(value=str()) as name, *_]):
            return name
    return None


def _root(node: ast.AST) -> str | None:
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def _in_tokens(text: str) -> Iterator[tuple[str, int, bool]]:
    """The names in a text that does not parse, up to where it cannot be read."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NAME and _WORD.fullmatch(token.string):
                yield token.string, token.start[0], bool(_SURE.fullmatch(token.string))
    except (tokenize.TokenError, SyntaxError):
        return


def _bound(file: TouchedFile) -> set[str]:
    """Every name that the file gives a meaning to: assigned, imported, defined, a parameter, a key."""
    tree = file.source_after.tree if file.source_after else None
    names: set[str] = set()
    if tree is None:
        text = file.source_after.text if file.source_after else ""
        return {word for word in set(_WORD.findall(text)) if any(_assigned(word).search(x) for x in text.split("\n"))}
    looked_up = {id(literal) for node in ast.walk(tree) if (literal := _looked_up_name(node))}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.MatchAs(name=str(name)):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.alias(name=name, asname=other):
                names |= {other or name.split(".")[0], name.split(".")[-1]}
            case ast.ExceptHandler(name=str(name)) | ast.keyword(arg=str(name)):
                names.add(name)
            case ast.Constant(value=str(name)) if id(node) not in looked_up:
                names.add(name)
            case ast.Assign(targets=targets, value=value):
                own = {n.attr for n in ast.walk(value) if isinstance(n, ast.Attribute)}
                names |= {n.attr for t in targets for n in ast.walk(t) if isinstance(n, ast.Attribute)} - own
            case ast.AnnAssign(target=ast.Attribute(attr=name)):
                names.add(name)
    return names


def _assigned(name: str) -> re.Pattern[str]:
    """Match a line of text that gives `name` a meaning, and not one made of itself."""
    word = re.escape(name)
    stored = rf"^[^=#]*\b{word}\s*(?::[^=]+)?=(?!=)(?!.*\b{word}\b)"
    return re.compile(rf"\b(?:def|class|import|as|for)\s+{word}\b|{stored}|def .*\b{word}\b")


_CODE = "class Cache:\n    def clear(self):\n        self.rows = []\n"

RULE = Rule(
    code="template-placeholder-name",
    gate="template",
    summary="Added code uses a placeholder name that exists nowhere else.",
    why="`some_tensor_attribute` or `your_function` is the name of nothing: the code was written without reading "
    "the project. It counts where neither the tree nor the patch gives the name a meaning; names that a library "
    "might provide are a warning.",
    severity="block",
    bad=Example(
        before={"lib/a.py": _CODE},
        after={
            "lib/a.py": _CODE + '        if hasattr(self, "some_tensor_attribute"):\n'
            "            self.some_tensor_attribute = list(self.some_tensor_attribute)\n"
        },
    ),
    good=Example(
        before={"lib/a.py": _CODE, "lib/b.py": "def some_function():\n    pass\n"},
        after={
            "lib/a.py": "from lib.b import some_function\n\nplaceholder_id = -1\n\n\n"
            + _CODE
            + "        some_function(placeholder_id)  # like your_function\n"
        },
    ),
    check=check,
)
