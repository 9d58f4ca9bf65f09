"""How the code of two files is compared: nothing, logging only, or more."""

from __future__ import annotations

import pytest

from judge.static_checks.change.code_change import python_change, text_change
from judge.static_checks.source.python import PythonSource


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("x = 1\n", "x = (1)  # one\n", "none"),
        ("def f():\n    pass\n", 'def f():\n    """Doc."""\n', "none"),
        ("def f():\n    return 1\n", "@cache\ndef f():\n    return 1\n", "more"),
        ("x = 1\ny = 2\n", "y = 2\nx = 1\n", "more"),
        ("a = 1\n\nb = 2\n\nc = 3\n", 'a = 1\n"""\nb = 2\n"""\nc = 3\n', "more"),
        ("if a:\n    b()\n", "if a:\n    b()\nelse:\n    pass\n", "none"),
        ("if a:\n    b()\nc()\n", "if a:\n    b()\n    c()\n", "more"),
        ("try:\n    a()\nexcept E:\n    pass\n", 'try:\n    a()\nexcept E:\n    logger.warning("no")\n', "logging"),
        ("try:\n    a()\nexcept E:\n    b()\n", "try:\n    a()\nexcept F:\n    b()\n", "more"),
        ("print(1)\nx = 1\n", "x = 1\n", "more"),
        ('logger.info(f"{x}")\n', 'logger.info("%s", x)\n', "more"),
        ('log.info("a")\nx = 1\n', 'log.info("b")\nlog.info("a")\nx = 1\n', "logging"),
        ("if a:\n    b()\n", "if a:\n    b()\nif c:\n    print(1)\n", "more"),
        ("x = 1\ry = 2\nz = 3\n", "x = 1\ry = 4\nz = 3\n", "more"),
        ("x = 1\n", "x = (\n", "more"),
        ("x = 1\n", "x = 1.0\n", "more"),
    ],
)
def test_python_change(before: str, after: str, expected: str) -> None:
    """Two Python files are the same only if their code is; log statements may be added, not removed or changed."""
    assert python_change(PythonSource(before.encode()), PythonSource(after.encode())) == expected


def test_deep_nesting_is_a_change() -> None:
    """Code nested too deeply to compare counts as a change, never as a crash and never as a no-op."""
    deep = "x = " + "+".join(["a"] * 3000)
    assert python_change(PythonSource(f"{deep}\n".encode()), PythonSource(f"{deep}  # same\n".encode())) == "more"


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("int a = 1;\n", "int a=1; /* one\n two */\n", True),
        ("int a = 1;\n", "int a = 2;\n", False),
        ('s = "a // b";\n', 's = "a // c";\n', False),
        ('s = R"x(// a)x";\n', 's = R"x(// b)x";\n', False),
        ("int a = 1'000;  // it's\n", "int a = 1'000;\n", True),
        ("int a = 1'000;\n", "int a = 1'001;\n", False),
        ("#include <a//b.h>\n", "#include <a//c.h>\n", False),
        ("#define A(x) x\n", "#define A (x) x\n", False),
        ("#define A(x) x\n", "#define  A(x) \\\n  x\n", True),
        ("a = b - -c;\n", "a = b--c;\n", False),
        ("f<<<1, 2>>>(x);\n", "f<<<1, 2>>>( x );  // launch\n", True),
        ("a = b;\n", "// \\\na = b;\n", False),
        ("// a = b;\n", "a = b;\n", False),
        ("char c = '\"'; // x\nint d = 1;\n", "char c = '\"';\nint d = 2;\n", False),
    ],
)
def test_c_change(before: str, after: str, same: bool) -> None:
    """C code is compared by its tokens: comments and layout do not count, literals and directives do."""
    assert text_change("cuda", before.encode(), after.encode()) == ("none" if same else "more")


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ('{"a": 1}', '{ "a": 1 }', True),
        ('{"a": 1}', '{"a": true}', False),
        ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}', False),
        ('{"a": 1}', '{"a": 1', False),
    ],
)
def test_json_change(before: str, after: str, same: bool) -> None:
    """JSON is compared as data, order included; what does not parse counts as a change."""
    assert text_change("json", before.encode(), after.encode()) == ("none" if same else "more")


def test_hostile_c_is_not_read() -> None:
    """Thousands of raw strings without an end are not searched for: the file counts as changed."""
    text = 'R"(' * 5000
    assert text_change("c", text.encode(), f"{text}//".encode()) == "more"
