"""Benchmarks that are commands: a named metric, lower or higher is better, and every way to have none."""

from pathlib import Path
from typing import Literal

import pytest

from judge.bench import (
    Command,
    Crashed,
    Measured,
    NotMeasured,
    Options,
    SessionResult,
    Unknown,
    Variant,
    compare,
    measure,
)
from judge.bench.session.command_run import NoMetric, read_metric

PROGRAM = (
    "import json, random\nprint('warming up')\nprint(json.dumps({{'{name}': {value} * random.uniform(1, 1.001)}}))\n"
)


def timed(
    tmp_path: Path, programs: dict[str, str], *, metric: str = "ms", better: Literal["lower", "higher"] = "lower"
) -> SessionResult:
    variants = []
    for name, text in programs.items():
        tree = tmp_path / name
        tree.mkdir()
        (tree / "program.py").write_text(text, encoding="utf-8")
        variants.append(Variant(name=name, tree=tree))
    command = Command(argv=("python", "program.py"), metric=metric, better=better)
    return measure(variants, Options(benchmark=command, forks=5, min_rounds=2, call_timeout_s=20))


@pytest.mark.parametrize(("better", "status"), [("lower", "improved"), ("higher", "regressed")])
def test_the_metric_has_a_direction(tmp_path: Path, better: Literal["lower", "higher"], status: str) -> None:
    """Half the latency is better, half the tokens per second is worse."""
    programs = {"base": PROGRAM.format(name="ms", value=10), "candidate": PROGRAM.format(name="ms", value=5)}
    session = timed(tmp_path, programs, better=better)
    comparison = compare(session)
    assert isinstance(comparison, Measured), comparison
    assert comparison.status == status
    assert session.outputs["candidate"] == Unknown(reason="a command returns no result to compare")
    assert any("own word" in note for note in session.notes)


def test_the_tree_is_on_the_import_path_of_the_command(tmp_path: Path) -> None:
    """Each variant's command imports its own tree."""
    text = "import json\nfrom library import COST\nprint(json.dumps({'ms': COST}))\n"
    for name, cost in (("base", 4.0), ("candidate", 2.0)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "library.py").write_text(f"COST = {cost}\n", encoding="utf-8")
    script = tmp_path / "bench.py"
    script.write_text(text, encoding="utf-8")
    command = Command(argv=("python", str(script)), metric="ms", better="lower")
    variants = [Variant(name=name, tree=tmp_path / name) for name in ("base", "candidate")]
    comparison = compare(measure(variants, Options(benchmark=command, forks=5)))
    assert isinstance(comparison, Measured), comparison
    assert comparison.speedup == pytest.approx(2.0)


def test_a_command_works_on_a_copy_of_its_tree(tmp_path: Path) -> None:
    """What it writes beside itself never reaches the tree that was given."""
    text = "open('left_behind', 'w').close()\n" + PROGRAM.format(name="ms", value=10)
    assert isinstance(compare(timed(tmp_path, {"base": text, "candidate": text})), Measured)
    assert not list(tmp_path.rglob("left_behind"))


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("import sys\nprint('{\"ms\": 1}')\nsys.exit(3)", "exit", "status 3"),
        ("print('it took 5 ms')", "protocol", "no JSON object"),
        ("print('{\"time\": 5}')", "protocol", "no number 'ms'"),
        ("print('{\"ms\": null}')", "protocol", "no number 'ms'"),
        ("print('{\"ms\": 0}')", "protocol", "above 0"),
        ("import time\ntime.sleep(1000)", "timeout", "no answer"),
    ],
)
def test_a_command_without_a_metric_is_broken_and_never_fast(tmp_path: Path, text: str, kind: str, words: str) -> None:
    """Exit 0 without a number is as broken as a crash: null is never success."""
    programs = {"base": PROGRAM.format(name="ms", value=10), "candidate": text}
    (tmp_path / "base").mkdir()
    (tmp_path / "candidate").mkdir()
    variants = []
    for name, program in programs.items():
        (tmp_path / name / "program.py").write_text(program, encoding="utf-8")
        variants.append(Variant(name=name, tree=tmp_path / name))
    command = Command(argv=("python", "program.py"), metric="ms", better="lower")
    session = measure(variants, Options(benchmark=command, forks=2, call_timeout_s=5))
    crash = session.variants["candidate"]
    assert isinstance(crash, Crashed)
    assert (crash.kind, words in crash.message) == (kind, True), crash
    comparison = compare(session)
    assert isinstance(comparison, NotMeasured)
    assert comparison.side == "candidate"


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ('{"a": 2}', "a", 2.0),
        ('noise\n{"a": 1}\n{"a": 3}\ndone', "a", 3.0),
        ('{\n "a": {"p50": 1.5}\n}', "a.p50", 1.5),
        ('{"a.b": 7}', "a.b", 7.0),
    ],
)
def test_a_metric_is_found_in_the_last_object(text: str, name: str, value: float) -> None:
    """The output as a whole, else its last line that is an object; a dotted name goes into nested ones."""
    assert read_metric(text, name) == value


@pytest.mark.parametrize("text", ["", "[1]", '{"a": true}', '{"a": "1"}', '{"a": NaN}', '{"a": -1}', '{"a": 1e999}'])
def test_no_other_value_is_a_metric(text: str) -> None:
    """Text, truth values, NaN, infinity and negative numbers are no measurement."""
    with pytest.raises(NoMetric):
        read_metric(text, "a")
