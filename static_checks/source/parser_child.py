"""Runs in a process of its own: compiles pieces of hostile Python, then parses them with libcst.

libcst dies with a segmentation fault on a few thousand nested parentheses, where the built-in parser
raises; so it runs here, last, and only on the statements that changed. Started by file path by
`ParserHost`; speaks JSON lines on its standard streams; imports nothing of this project.
"""

import gc
import json
import re
import resource
import sys
import warnings

MEMORY_BYTES = 3 << 30
_FAULTS = (SyntaxError, ValueError, RecursionError, MemoryError)
ParseFault = dict[str, object]
Part = tuple[int, str, bool]


def standing_alone(text: str, nested: bool) -> str:
    """Give a piece from inside a class a class to stand in; the added line is taken off again in faults."""
    return "class _:\n" + text if nested else text


def compiled(parts: "list[Part]") -> "ParseFault | None":
    """Compile the pieces, which refuses what no grammar does: `return` outside a function, a keyword twice."""
    for start, text, nested in parts:
        try:
            compile(standing_alone(text, nested), "<patched>", "exec", dont_inherit=True)
        except _FAULTS as error:
            line = getattr(error, "lineno", None)
            message = getattr(error, "msg", None) or f"{type(error).__name__}: {error}"
            return {"line": start + line - 1 - nested if line else start, "message": message}
    return None


def with_libcst(parts: "list[Part]") -> "ParseFault | None":
    """Parse the pieces with libcst; return the first fault."""
    import libcst

    for start, text, nested in parts:
        try:
            libcst.parse_module(standing_alone(text, nested))
        except libcst.ParserSyntaxError as error:
            return located(error.message.split("\n")[0], start, nested)
        except _FAULTS as error:
            return {"line": start, "message": f"{type(error).__name__}: {error}"}
    return None


def located(message: str, start: int, nested: bool) -> "ParseFault":
    """Return the fault with its line in the file.

    libcst's own line is the last of the text, or the first for its tokenizer; where its message names
    the right one, that is taken out of the message, which speaks of a piece of the file.
    """
    match = re.search(r"error at (\d+):\d+: ", message)
    line = int(match[1]) - 1 - nested if match else 0
    return {"line": start + max(line, 0), "message": message.replace(match[0], "") if match else message}


def main() -> None:
    """Answer one request per line until standard input closes: the safer parser first."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    gc.disable()  # syntax trees hold no cycles, and there are few other objects
    for line in sys.stdin:
        request = json.loads(line)
        if request["compile"]:
            answer({"compile": compiled(request["parts"])})
        answer({"libcst": with_libcst(request["parts"])})


def answer(outcome: "dict[str, ParseFault | None]") -> None:
    """Send one answer at once: what comes after it may kill this process."""
    print(json.dumps(outcome), flush=True)


if __name__ == "__main__":
    main()
