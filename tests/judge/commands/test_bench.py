"""`judge bench` on its own: two trees or two revisions, a picture, and what is kept."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import command_kit
import pytest
from timing_kit import BENCHMARK, FAST, SLOW

from judge.commands.bench import command
from judge.reports.interval_picture import Span, picture


def judge(*args: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run `judge bench`."""
    return command_kit.judge("bench", *args, cwd=cwd)


@pytest.fixture
def trees(tmp_path: Path) -> Path:
    """Make a slow and a fast tree, and a benchmark of them."""
    for name, source in (("slow", SLOW), ("fast", FAST), ("wrong", FAST.replace("return total", "return -total"))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "library.py").write_text(source, encoding="utf-8")
    (tmp_path / "benchmark.py").write_text(BENCHMARK, encoding="utf-8")
    return tmp_path


@pytest.mark.timing
def test_two_trees(trees: Path) -> None:
    """Status, interval, outputs and samples wanted are printed, and every sample is kept in order with the machine."""
    done = judge("slow", "fast", "wrong", "--benchmark", "benchmark.py", cwd=trees)
    assert done.returncode == 0, done.stderr
    assert "fast: improved" in done.stdout
    assert "●" in done.stdout
    assert "outputs same (equal)" in done.stdout
    assert "OUTPUTS CHANGED" in done.stdout
    assert "false discovery rate among the 2 candidates" in done.stdout
    stored = json.loads((trees / "judge-bench.json").read_text(encoding="utf-8"))
    session = stored["session"]
    fork = session["variants"]["slow"]["forks"][0]
    assert len(fork["ns_per_call"]) == 5
    assert all(part > 0 for parts in fork["ns_per_call"] for part in parts)
    assert session["machine"]["cores"] > 0
    assert session["looks"] == [8, 16, 24, 32, 40]
    assert stored["comparisons"]["fast"]["status"] == "improved"
    assert stored["q_values"]["fast"] <= 0.05


@pytest.mark.timing
def test_two_revisions_of_a_bare_repository(trees: Path) -> None:
    """Revisions are read from a repository that is not written to; --json prints what is kept."""
    git = ["git", "-C", str(trees / "work"), "-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "init", "-q", str(trees / "work")], check=True)
    for name in ("slow", "fast"):
        (trees / "work" / "library.py").write_bytes((trees / name / "library.py").read_bytes())
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "-q", "-m", name], check=True)
    subprocess.run(["git", "clone", "-q", "--bare", str(trees / "work"), str(trees / "bare")], check=True)
    before = sorted((trees / "bare").rglob("*"))
    done = judge("HEAD~1", "HEAD", "--repo", "bare", "--benchmark", "benchmark.py", "--json", cwd=trees)
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed == json.loads((trees / "judge-bench.json").read_text(encoding="utf-8"))
    assert printed["comparisons"]["HEAD"]["status"] == "improved"
    assert sorted((trees / "bare").rglob("*")) == before


@pytest.mark.timing
def test_a_candidate_that_breaks_is_said_so(trees: Path) -> None:
    """A crash is no number: exit code 3 and the fault, and the healthy candidate is still timed."""
    (trees / "broken").mkdir()
    (trees / "broken" / "library.py").write_text("def work(numbers):\n    raise ValueError('no')\n", encoding="utf-8")
    done = judge("slow", "broken", "fast", "--benchmark", "benchmark.py", cwd=trees)
    assert done.returncode == 3, done.stderr
    assert "broken: not timed: broken: raised in experiment" in done.stdout
    assert "fast: improved" in done.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("slow", "absent", "--benchmark", "benchmark.py"), "'absent' is not a directory"),
        (("slow", "slow", "--benchmark", "benchmark.py"), "given twice"),
        (("slow", "fast", "--benchmark", "absent.py"), "no such benchmark file"),
        (("slow", "fast", "--repo", "slow", "--benchmark", "benchmark.py"), "not a git repository"),
        (("slow", "fast", "--benchmark", "benchmark.py", "--device", "cuda"), "cuda"),
        (("slow", "fast", "--benchmark", "benchmark.py", "--python", "absent"), "interpreter"),
        (("slow",), "Missing argument"),
    ],
)
def test_what_cannot_be_timed_is_a_usage_error(trees: Path, args: tuple[str, ...], message: str) -> None:
    """Each mistake is one line that names it, exit code 2, and no result file."""
    done = judge(*args, cwd=trees)
    assert done.returncode == 2, done.stdout
    assert message in done.stderr
    assert not (trees / "judge-bench.json").exists()


def test_every_option_has_a_help_text() -> None:
    """No option of `judge bench` is left unexplained."""
    assert not [param.name for param in command.params if param.param_type_name == "option" and not param.help]


def test_picture_shows_where_the_intervals_are() -> None:
    """Rows share one axis: 1.0 is the same column in all, and the faster interval lies to its right."""
    spans = [Span(label="a", low=1.03, ratio=1.05, high=1.07), Span(label="b", low=0.99, ratio=1.0, high=1.01)]
    marks, faster, same = picture(spans, threshold=1.01, width=80)
    assert "1.00x" in marks
    assert same.index("●") == faster.index("│")
    assert faster.index("├") > faster.index("│")
    assert faster.index("├") < faster.index("●") < faster.index("┤")
    assert max(len(line) for line in (faster, same)) <= 80


def test_picture_of_an_unbounded_interval_ends_in_arrows() -> None:
    """An interval that says nothing fills the line, and does not squeeze the others."""
    (_, row) = picture([Span(label="x", low=1e-9, ratio=1.0, high=1e12)], threshold=1.01, width=80)
    assert "◄" in row
    assert "►" in row


@pytest.mark.timing
def test_native_code_without_a_build_is_skipped(trees: Path) -> None:
    """It is named and not timed; the other candidates are; with a build it would be."""
    (trees / "fast" / "kernel.cu").write_text("// new\n", encoding="utf-8")
    done = judge("slow", "fast", "wrong", "--benchmark", "benchmark.py", cwd=trees)
    assert done.returncode == 3
    assert "fast: skipped: differs in native code (kernel.cu)" in done.stdout
    assert "OUTPUTS CHANGED" in done.stdout
    alone = judge("slow", "fast", "--benchmark", "benchmark.py", cwd=trees)
    assert alone.returncode == 2
    assert "nothing to time" in alone.stderr
    built = judge("slow", "fast", "--benchmark", "benchmark.py", "--build", "python -V", cwd=trees)
    assert built.returncode == 0, built.stderr
    assert "fast: improved" in built.stdout


def test_a_tree_whose_new_lines_never_run_is_not_triggered(trees: Path) -> None:
    """The difference between the trees is watched line by line."""
    (trees / "dead").mkdir()
    (trees / "dead" / "library.py").write_text(SLOW + "\ndef faster(n):\n    return 1\n", encoding="utf-8")
    done = judge("slow", "dead", "--benchmark", "benchmark.py", "--threshold", "1e14", cwd=trees)
    assert "dead: not_triggered" in done.stdout, done.stdout


def test_a_command_with_a_metric(trees: Path) -> None:
    """The number that each tree's program prints is compared, and a note says whose word it is."""
    for name, value in (("slow", 100), ("fast", 200)):
        (trees / name / "run.py").write_text(f"print('{{\"rate\": {value}}}')\n", encoding="utf-8")
    done = judge("slow", "fast", "--benchmark", "python run.py", "--metric", "rate", "--better", "higher", cwd=trees)
    assert done.returncode == 0, done.stderr
    assert "fast: improved: 2.000x" in done.stdout
    assert "own word" in done.stdout


def test_lint_is_a_word_of_its_own(trees: Path) -> None:
    """`judge bench lint FILE` warns; a file that is not there is an error with its name."""
    assert judge("lint", "benchmark.py", cwd=trees).stdout.strip() == "benchmark.py:6: unseeded-randomness: " + (
        "draws random data that nothing seeds; seed it at the start of setup()"
    )
    assert "Usage: judge bench lint [OPTIONS]" in judge("lint", "--help", cwd=trees).stdout
    assert "Usage: judge bench lint [OPTIONS]" in judge("lint", "--nope", cwd=trees).stderr
    listed = judge("--help", cwd=trees).stdout.partition("Commands:")[2]
    assert listed.split()[0] == "lint"
    missing = judge("lint", "none.py", cwd=trees)
    assert missing.returncode == 2
    assert "none.py" in missing.stderr
