"""The units of a human change: what a candidate is held against, and nothing that it need not do."""

from __future__ import annotations

import pytest
from change_kit import touched

from judge.static_checks.change.units import human_units

PY = (
    "import os\n\n\ndef hot(n):\n    return [i for i in range(n)]\n\n\n"
    "class Store:\n    def get(self, k):\n        return k\n"
)
CU = "__global__ void add(float* a) {\n  a[0] = 1;\n}\n"
HOT = PY.replace("[i for i in range(n)]", "list(range(n))")
GET = PY.replace("return k", "return k or None")


def units(before: dict[str, str], after: dict[str, str]) -> tuple[str, ...]:
    """Return the units of the change from one tree to the other."""
    return human_units(touched(before, after))


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ({"a.py": HOT}, ("a.py::hot",)),
        ({"a.py": GET}, ("a.py::Store.get",)),
        ({"a.py": HOT.replace("return k", "return k or None")}, ("a.py::Store.get", "a.py::hot")),
        ({"a.py": PY + "\n\nLIMIT = 3\n"}, ("a.py::<module>",)),
        ({"a.py": PY + "\n\ndef new():\n    return 1\n"}, ("a.py::new",)),
        ({"k.cu": CU.replace("1", "2")}, ("k.cu",)),
        ({"c.yaml": "a: 1\n"}, ("c.yaml",)),
        ({"a.py": HOT, "k.cu": CU.replace("1", "2"), "c.json": "{}\n"}, ("a.py::hot", "c.json", "k.cu")),
    ],
)
def test_what_is_a_unit(after: dict[str, str], expected: tuple[str, ...]) -> None:
    """Functions, methods and module-level code in Python; whole files of anything else that a program reads."""
    assert units({"a.py": PY, "k.cu": CU}, after) == expected


@pytest.mark.parametrize(
    "aside",
    [
        {"tests/test_a.py": "def test():\n    pass\n"},
        {"README.md": "fast now\n"},
        {"benchmarks/bench_a.py": "print(1)\n"},
        {".github/workflows/ci.yml": "on: push\n"},
        {"b.py": "def cold(n):\n    # a better comment\n    return n\n"},
        {"b.py": 'def cold(n):\n    """Says more."""\n    return (\n        n\n    )\n'},
        {"k.cu": CU.replace("{\n", "{  // fast\n")},
    ],
)
def test_what_is_none(aside: dict[str, str]) -> None:
    """Tests, prose, benchmarks, CI, comments and layout are nothing that a candidate has to do."""
    before = {"a.py": PY, "b.py": "def cold(n):\n    return n\n", "k.cu": CU}
    assert units(before, {"a.py": HOT, **aside}) == ("a.py::hot",)


def test_layout_beside_an_edit_in_the_same_file() -> None:
    """A function that is only laid out anew is no unit, in the very file of one that is."""
    after = HOT.replace("        return k\n", "        return (\n            k\n        )\n")
    assert units({"a.py": PY}, {"a.py": after}) == ("a.py::hot",)


def test_imports_serve_the_rest_of_their_file() -> None:
    """An import beside an edit is no unit of its own; where it is all that changes, it is the edit."""
    added = PY.replace("import os\n", "import os\nfrom lib import (\n    one,\n    two,\n)\n")
    assert units({"a.py": PY}, {"a.py": added.replace("[i for i in range(n)]", "one(n)")}) == ("a.py::hot",)
    assert units({"a.py": PY}, {"a.py": added}) == ("a.py::<module>",)
    more = added.replace("[i for i in range(n)]", "one(n)") + "\n\nLIMIT = 3\n"
    assert units({"a.py": PY}, {"a.py": more}) == ("a.py::<module>", "a.py::hot")


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ({"benchmarks/bench_a.py": "print(1)\n"}, ("benchmarks/bench_a.py::<module>",)),
        ({"a.py": PY.replace("import os\n", "import os  # why\n")}, ("a.py::<module>",)),
        ({"tests/test_a.py": "x = 1\n"}, ()),
        ({"README.md": "x\n"}, ()),
    ],
)
def test_when_there_is_nothing_else(after: dict[str, str], expected: tuple[str, ...]) -> None:
    """Benchmarks and edits without effect count where there is nothing else; tests and prose never do."""
    assert units({"a.py": PY}, after) == expected
