"""What is template code and what only looks like it: each suspicious patch beside its honest twin."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_kit import gate_codes, gate_findings

from judge.static_checks.rule import Example

F = "def f(x):\n    y = x + 1\n    z = y * 2\n    return z\n\n\nprint(f(1))\n"
GONE = "self.rows = []\n        self.size = 0"
CLASS = "class Cache:\n    def clear(self):\n        self.rows = []\n        self.size = 0\n"
BASE = {"lib/__init__.py": "", "lib/a.py": F, "lib/c.py": CLASS, "lib/k.cu": "int f() {\n  return g(1);\n}\n"}
ELISION, MARK, STUB = {"template-elision"}, {"template-unfilled-mark"}, {"template-stub-body"}
NAME, USAGE, UNCALLED = {"template-placeholder-name"}, {"template-example-usage"}, {"template-uncalled-function"}


def body(*lines: str) -> dict[str, str | None]:
    """Replace the middle of `f` by these lines."""
    text = "".join(f"    {line}\n" for line in lines)
    return {"lib/a.py": F.replace("    y = x + 1\n    z = y * 2\n", text)}


def check(after: dict[str, str | None], folder: Path) -> tuple[set[str], set[str]]:
    """Return the codes that block and all codes of the gate."""
    example = Example(before=BASE, after=after)
    (folder / "all").mkdir()
    (folder / "block").mkdir()
    blocking = gate_codes("template", example, folder / "block", severity="block")
    return blocking, gate_codes("template", example, folder / "all")


@pytest.mark.parametrize(
    "comment",
    [
        "# ... existing code ...",
        "# ... (rest of the function unchanged)",
        "# ...existing code...",
        "# … other methods …",
        "# ... keep the existing implementation",
        "# [... rest of the code remains the same ...]",
        "# rest of the function remains unchanged",
        "# Existing code here",
        "# ... remaining logic as before",
        "# (code omitted for brevity)",
    ],
)
def test_elision_blocks(comment: str, tmp_path: Path) -> None:
    """A comment that stands where code was removed says that code is missing."""
    assert check(body(comment, "z = x"), tmp_path) == (ELISION, ELISION)


@pytest.mark.parametrize(
    "comment",
    [
        "# Keep the existing order of imports...",
        "# ... rest of the tokens are padding",
        "# same as before, but without the copy",
        "# The rest of the code expects float32.",
        "# Rest of the function",
        "# x_scale: ... n_scale -> ... (n_scale block)",
        "# Shape is [batch, ..., dim] as in the original code",
        "z = 0  # ... existing code ...",
        's = "# ... existing code ..."',
        "s = '''\n    # ... existing code ...\n    '''",
    ],
)
def test_honest_comments(comment: str, tmp_path: Path) -> None:
    """Comments about existing code, comments behind code, and prompts in strings leave nothing out."""
    assert check(body(comment, "z = x"), tmp_path) == (set(), set())


def test_elision_beside_untouched_code(tmp_path: Path) -> None:
    """Where nothing was removed, the comment is a sign only."""
    after: dict[str, str | None] = {"lib/a.py": F.replace("    z =", "    # ... existing code ...\n    z =")}
    assert check(after, tmp_path) == (set(), ELISION)


def test_elision_in_c(tmp_path: Path) -> None:
    """C comments are read as such."""
    assert check({"lib/k.cu": "int f() {\n  // ... existing code ...\n}\n"}, tmp_path) == (ELISION, ELISION)


@pytest.mark.parametrize(
    ("lines", "blocks", "reported"),
    [
        (["if x:", "    # YOUR CODE HERE", "    pass"], MARK, MARK),
        (["if x:", "    # TODO: add your optimized implementation here", "    ..."], MARK, MARK),
        (["if x:", "    # <insert kernel launch here>", "    return None"], MARK, MARK),
        (["# YOUR CODE HERE", "z = x"], set(), MARK),
        (["# Placeholder implementation - uses the slow path", "z = x"], set(), MARK),
        (["# A real implementation should call ncclSend", "z = x"], set(), MARK),
        (["# TODO: implement a singleton for the context", "z = x"], set(), MARK),
        (["z = {{ x }}"], MARK, MARK),
        (["z = f'{{ x }}'", "s = 'YOUR CODE HERE'"], set(), set()),
        (
            ["# TODO: tune the block size", "# Replace this loop by a sum: your cache is cold here", "z = x"],
            set(),
            set(),
        ),
        (["z = {1, 2}", "w = {'a': {'b': x}}"], set(), set()),
    ],
)
def test_unfilled_marks(lines: list[str], blocks: set[str], reported: set[str], tmp_path: Path) -> None:
    """A mark with nothing behind it blocks, one with code behind it warns; strings and plain TODOs are silent."""
    assert check(body(*lines), tmp_path) == (blocks, reported)


def test_templates_may_have_marks(tmp_path: Path) -> None:
    """Template files are meant to be filled in later."""
    after: dict[str, str | None] = {
        "lib/chat.jinja": "# YOUR CODE HERE\n{{ name }}\n",
        "templates/x.py": "a = {{ b }}\n",
    }
    assert check(after, tmp_path) == (set(), set())


@pytest.mark.parametrize(
    ("after", "blocks", "reported"),
    [
        ({"lib/c.py": CLASS.replace(GONE, "pass")}, STUB, STUB),
        ({"lib/c.py": CLASS.replace(GONE, "raise NotImplementedError")}, STUB, STUB),
        ({"lib/c.py": CLASS.replace(GONE, '"""Clear."""\n        ...')}, STUB, STUB),
        (
            {"lib/c.py": CLASS.replace(GONE, 'raise NotImplementedError("see x")')},
            set(),
            STUB,
        ),
        (
            {
                "lib/c.py": CLASS.replace(GONE, "pass")
                + "\n\nclass Rows(Cache):\n    def clear(self):\n        self.rows = []\n"
            },
            set(),
            STUB,
        ),
        ({"lib/c.py": CLASS.replace("class Cache:", "class Cache(ABC):").replace(GONE, "...")}, set(), set()),
        ({"lib/c.py": CLASS.replace("    def", "    @abstractmethod\n    def").replace(GONE, "...")}, set(), set()),
        ({"lib/a.py": F + "\n\ndef g(x):\n    pass\n\n\nprint(g)\n"}, set(), STUB),
        ({"lib/c.py": CLASS + "\n    def __exit__(self, *why):\n        pass\n"}, set(), set()),
        ({"tests/test_c.py": "def f(x):\n    pass\n"}, set(), set()),
    ],
)
def test_stub_bodies(after: dict[str, str | None], blocks: set[str], reported: set[str], tmp_path: Path) -> None:
    """A body that is gone blocks, unless it moved, was explained, or was made abstract; a new stub warns."""
    assert check(after, tmp_path) == (blocks, reported)


@pytest.mark.parametrize(
    ("after", "blocks", "reported"),
    [
        (body("z = your_function(x)"), NAME, NAME),
        (body("z = my_optimized_kernel(x)"), NAME, NAME),
        (body("z = x.some_tensor_attribute"), NAME, NAME),
        (body("if hasattr(x, 'another_attribute'):", "    x = 1", "z = x"), NAME, NAME),
        (body("z = placeholder_tensor"), NAME, NAME),
        (body("z = x.placeholder_count"), set(), NAME),
        (body("import torch", "z = torch.some_function(x)"), set(), NAME),
        ({"lib/a.py": "from torch import *\n" + F.replace("x + 1", "some_function(x)")}, set(), NAME),
        (body("some_value = 3", "z = x + some_value"), set(), set()),
        (body("x.some_attribute = 3", "z = x.some_attribute"), set(), set()),
        (body("# like some_function", "z = 'your_function'"), set(), set()),
        (body("from other import some_function as g", "z = g(x)"), set(), set()),
        (body("z = [some_value for some_value in x]"), set(), set()),
        (body("z = Cache(some_value=1)", "y = z.some_value"), set(), set()),
        ({"tests/test_a.py": "def test_a(m):\n    assert m.some_attribute\n"}, set(), set()),
        ({"lib/a.py": F.replace("x + 1", "some_function(x"), "README.md": "x\n"}, NAME, NAME),
        ({"lib/a.py": F.replace("x + 1", "x + some_value)\n    some_value = 3")}, set(), set()),
    ],
)
def test_placeholder_names(after: dict[str, str | None], blocks: set[str], reported: set[str], tmp_path: Path) -> None:
    """A placeholder name blocks where nothing gives it a meaning, and warns where a library might."""
    assert check(after, tmp_path) == (blocks, reported)


def test_name_of_the_tree(tmp_path: Path) -> None:
    """A name that another file of the tree mentions is no placeholder, whatever it looks like."""
    example = Example(before={**BASE, "lib/u.py": "def some_function(x): ...\n"}, after=body("z = some_function(x)"))
    assert gate_codes("template", example, tmp_path) == set()


@pytest.mark.parametrize(
    ("after", "reported"),
    [
        ({"lib/a.py": F.replace("print(f(1))", "# Example usage:\n# print(f(1))\nprint(f(2))")}, USAGE),
        ({"lib/a.py": F + '\nif __name__ == "__main__":\n    print(f(2))\n'}, USAGE),
        ({"examples/a.py": '# Example usage\nif __name__ == "__main__":\n    print(2)\n'}, set()),
        ({"run.py": '# Usage:\nif __name__ == "__main__":\n    print(2)\n'}, set()),
        ({"lib/a.py": F.replace("    z", "    # The usage of y is an example of reuse.\n    z")}, set()),
    ],
)
def test_example_usage(after: dict[str, str | None], reported: set[str], tmp_path: Path) -> None:
    """A demonstration in a module of a package warns; in an example or script it belongs there."""
    assert check(after, tmp_path) == (set(), reported)


@pytest.mark.parametrize(
    ("added", "reported"),
    [
        ("\n\ndef fast(x):\n    return x\n", UNCALLED),
        ("\n\ndef fast(x):\n    return fast(x - 1)\n", UNCALLED),
        ("\n\ndef fast(x):\n    return x\n\n\nf = fast\n", set()),
        ("\n\n@register\ndef fast(x):\n    return x\n", set()),
        ('\n\n__all__ = ["fast"]\n\n\ndef fast(x):\n    return x\n', set()),
        ("\n\nclass A:\n    def fast(self):\n        return 1\n", UNCALLED),
        ("\n\nclass A(B):\n    def fast(self):\n        return 1\n", set()),
        ("\n\nclass A(B):\n    def _fast(self):\n        return 1\n", UNCALLED),
        ("\n\nclass A:\n    def __len__(self):\n        return 1\n", set()),
        ("\n\ndef main():\n    return 1\n", set()),
    ],
)
def test_uncalled_functions(added: str, reported: set[str], tmp_path: Path) -> None:
    """A new function that nothing names warns, unless it can be called without being named."""
    assert check({"lib/a.py": F + added}, tmp_path) == (set(), reported)


def test_entry_points_are_calls(tmp_path: Path) -> None:
    """A function named as an entry point of the project is called from outside."""
    before = {**BASE, "pyproject.toml": '[project.scripts]\nx = "lib.a:fast"\n'}
    example = Example(before=before, after={"lib/a.py": F + "\n\ndef fast(x):\n    return x\n"})
    assert gate_codes("template", example, tmp_path) == set()


def test_many_twins_are_counted(tmp_path: Path) -> None:
    """The other cases are named, up to five."""
    twins = tuple(f"case-{number}" for number in range(8))
    findings = gate_findings("template", Example(before=BASE, after=body("z = x"), twins=twins), tmp_path)
    assert [(f.code, f.severity) for f in findings] == [("template-repeated-patch", "warn")]
    assert "case-4 and 3 more" in findings[0].message


def test_long_lines_are_not_searched(tmp_path: Path) -> None:
    """A line of a megabyte, made to keep a pattern busy, is passed over."""
    assert check(body("# ... " + "existing " * 100_000, "z = x"), tmp_path) == (set(), set())
