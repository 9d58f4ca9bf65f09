"""Runs in a process of its own: parses hostile Python with the built-in parser, then with libcst.

libcst dies with a segmentation fault on a few thousand nested parentheses, where the built-in parser
raises; so it runs here, second, and only on the statements that changed. Started by file path by
`ParserHost`; speaks JSON lines on its standard streams; imports nothing of this project.
"""

import ast
import base64
import gc
import json
import re
import resource
import sys
import warnings

MEMORY_BYTES = 3 << 30
_FAULTS = (SyntaxError, ValueError, RecursionError, MemoryError)
Fault = dict[str, object]


def grammar(source: bytes) -> "tuple[ast.Module | None, Fault | None]":
    """Parse with the running interpreter; return the tree or the fault."""
    try:
        return ast.parse(source), None
    except _FAULTS as error:
        return None, fault_of(error)


def compiled(tree: ast.Module, lines: "list[int] | None") -> "Fault | None":
    """Compile the changed top-level statements, which refuses what no grammar does.

    Such as `return` outside a function or a repeated keyword. A `__future__` import out of place is
    seen by compiling everything up to the last of them.
    """
    futures = [
        n for n, node in enumerate(tree.body) if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]
    head = tree.body[: futures[-1] + 1] if futures else []
    wanted = None if lines is None else set(lines)
    changed = [node for node in tree.body[len(head) :] if wanted is None or holds(node, wanted)]
    try:
        compile(ast.Module(body=head + changed, type_ignores=[]), "<patched>", "exec", dont_inherit=True)
    except _FAULTS as error:
        return fault_of(error)
    return None


def holds(node: ast.stmt, lines: "set[int]") -> bool:
    """Whether one of the lines lies in the statement, decorators included."""
    start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
    return any(start <= line <= (node.end_lineno or node.lineno) for line in lines)


def fault_of(error: BaseException) -> "Fault":
    """Return line and message of a parser's exception."""
    return {
        "line": getattr(error, "lineno", None) or 0,
        "message": getattr(error, "msg", None) or f"{type(error).__name__}: {error}",
    }


def slices(tree: ast.Module, source: str, lines: "set[int]") -> "list[tuple[int, str]]":
    """Return (first line, text) of the smallest definitions or statements that hold the changed lines."""
    text = source.split("\n")
    found = []
    pending = list(tree.body)
    while pending:
        node = pending.pop()
        start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        inside = {line for line in lines if start <= line <= (node.end_lineno or node.lineno)}
        if not inside:
            continue
        body = getattr(node, "body", None) if isinstance(node, ast.ClassDef) else None
        if body and min(inside) >= body[0].lineno:
            pending.extend(body)
            continue
        found.append((start, "\n".join(text[start - 1 : node.end_lineno]) + "\n"))
    return found


def with_libcst(source: str, tree: "ast.Module | None", lines: "list[int] | None") -> "Fault | None":
    """Parse the changed statements (or all of it) with libcst; return the fault, if any."""
    import libcst

    parts = [(1, source)] if tree is None or lines is None else slices(tree, source, set(lines))
    for start, text in parts:
        # An indented statement is valid only inside a block; the added line is taken off again below.
        # A form feed before the indentation is no part of it.
        bare = text.lstrip("\f")
        nested = bare[:1] in (" ", "\t")
        try:
            libcst.parse_module("if True:\n" + bare if nested else bare)
        except libcst.ParserSyntaxError as error:
            return located(error.message.split("\n")[0], start, nested)
        except _FAULTS as error:
            return {"line": start, "message": f"{type(error).__name__}: {error}"}
    return None


def located(message: str, start: int, nested: bool) -> "Fault":
    """Return the fault with its line in the file.

    libcst's own line is the last of the text, or the first for its tokenizer; where its message names
    the right one, that is taken out of the message, which speaks of a piece of the file.
    """
    found = re.search(r"error at (\d+):\d+: ", message)
    line = int(found[1]) - 1 - nested if found else 0
    return {"line": start + max(line, 0), "message": message.replace(found[0], "") if found else message}


def main() -> None:
    """Answer one request per line until standard input closes: the safest parser first."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    gc.disable()  # syntax trees hold no cycles, and there are few other objects
    for line in sys.stdin:
        request = json.loads(line)
        source = base64.b64decode(request["source"])
        lines = request["lines"]
        tree, fault = grammar(source)
        answer({"grammar": fault})
        if request["more"]:
            answer({"compile": compiled(tree, lines) if tree else None})
            answer({"libcst": with_libcst(decoded(source), tree, lines)})


def answer(said: "dict[str, Fault | None]") -> None:
    """Send one answer at once: what comes after it may kill this process."""
    print(json.dumps(said), flush=True)


def decoded(source: bytes) -> str:
    """Decode as the tokenizer does: by the coding cookie, UTF-8 without one."""
    import io
    import tokenize

    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        # The built-in parser counts a carriage return alone as a line end too.
        return source.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return source.decode("utf-8", "replace")


if __name__ == "__main__":
    main()
