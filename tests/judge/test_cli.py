"""The command line as a whole: its help in every width, what it costs to start, and what a crash leaves behind."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import click
import pytest
from support import ROOT

import judge
from judge.cli import _COMMANDS, cli, short_help

JUDGE = [sys.executable, "-P", "-c", "from judge.cli import main; main()"]
MODULE = [sys.executable, "-m", "judge"]
SUBCOMMANDS = sorted(file.stem for file in _COMMANDS.glob("[!_]*.py"))

CRASH = """
import judge.static_checks.discovery as discovery

def all_rules():
    raise ZeroDivisionError("the key is key-in-the-environment, sk-looks-like-a-key")

discovery.all_rules = all_rules
from judge.cli import main
main()
"""


def run(*command: str, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command."""
    known = {**os.environ, **env}
    return subprocess.run(command, cwd=cwd, env=known, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("columns", ["80", "120"])
@pytest.mark.parametrize("words", [(), *((name,) for name in SUBCOMMANDS), ("bench", "lint")])
def test_help_fits(words: tuple[str, ...], columns: str) -> None:
    """No help has a line that is too long, or a mark that is meant for the program that prints it."""
    done = run(*JUDGE, *words, "--help", COLUMNS=columns)
    assert done.stdout.startswith(f"Usage: {' '.join(('judge', *words))} [OPTIONS]"), done.stderr
    assert "\b" not in done.stdout and "\\b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= int(columns)


def test_the_exit_codes_are_listed_a_line_each() -> None:
    """The help does not run them together."""
    lines = run(*JUDGE, "--help").stdout.splitlines()
    assert [line.split()[0] for line in lines if line.startswith("    ") and line.split()[0].isdigit()] == [
        "0", "1", "2", "3", "70", "130",
    ]  # fmt: skip


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_the_help_says_of_a_subcommand_what_it_says_of_itself(name: str) -> None:
    """The line in `judge --help` is read from the file; it is the beginning of the subcommand's own help."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None and command.help
    own = " ".join(command.help.partition("\n\n")[0].split())
    assert short_help(_COMMANDS / f"{name}.py") == own.removesuffix(".") != ""


def test_help_is_cheap() -> None:
    """`judge --help` imports no subcommand, and takes at most 0.35 s of processor time."""
    code = "import sys, judge.cli as c; c.cli.main(['--help'], standalone_mode=False); print(sorted(sys.modules))"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run(sys.executable, "-P", "-c", code)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    heavy = ("'judge.commands.", "'pydantic'", "'rich'", "'asyncio'", "'importlib.metadata'", "'judge.pipeline'")
    assert not [name for name in heavy if name in done.stdout.splitlines()[-1]]
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.35


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder with modules that end whatever imports them."""
    for name in ("click", "yaml", "rich", "pydantic", "json", "libcst"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('foreign {name} was imported')\n")
    return tmp_path


@pytest.mark.parametrize("path", ["", "."])
def test_python_m_judge_imports_nothing_from_where_it_is_started(hostile: Path, path: str) -> None:
    """`python -m judge` works in a folder with a `click.py` of its own, named by PYTHONPATH or not."""
    for words in (("--version",), ("rule",), ("grade", "--help"), ("doctor",)):
        done = run(*MODULE, *words, cwd=hostile, **({"PYTHONPATH": path} if path else {}))
        assert "foreign" not in done.stdout + done.stderr
        assert done.returncode == 0, done.stderr


def test_python_m_judge_is_the_command_line(tmp_path: Path) -> None:
    """It has the same exit codes and calls itself `judge`; the safe path of `-P` is left alone."""
    done = run(*MODULE, "rule", "nope", cwd=tmp_path)
    assert (done.returncode, done.stderr.startswith("error: no rule is called 'nope'")) == (2, True)
    assert "Usage: judge rule" in run(*MODULE, "rule", "--nope", cwd=tmp_path).stderr
    assert run(sys.executable, "-P", "-m", "judge", "--version", cwd=tmp_path).returncode == 0


def test_version() -> None:
    """`judge.__version__` is the installed version, and what `--version` prints."""
    assert run(*JUDGE, "--version").stdout == f"patch-verdict {judge.__version__}\n"


def crash(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command line that has a bug."""
    command = (sys.executable, "-P", "-c", CRASH, *words)
    return run(*command, cwd=tmp_path, TMPDIR=str(tmp_path), SOME_API_KEY="key-in-the-environment")


def test_a_crash_leaves_a_log_that_can_be_pasted(tmp_path: Path) -> None:
    """Exit code 70; the message names the file, and the file has versions, command, platform and traceback, no key."""
    done = crash(tmp_path, "rule", "apply-empty")
    (log,) = tmp_path.glob("judge-crash-*.log")
    assert done.returncode == 70
    assert str(log) in done.stderr and "report" in done.stderr and "Traceback" not in done.stderr
    text = log.read_text()
    for expected in (
        f"patch-verdict {judge.__version__} crashed",
        "command:  judge rule apply-empty",
        "python:   CPython",
        "platform: ",
        f"click {run(sys.executable, '-c', IMPORTED).stdout.strip()}",
        "Traceback (most recent call last)",
        "ZeroDivisionError: the key is [SOME_API_KEY], [key]",
    ):
        assert expected in text
    assert "key-in-the-environment" not in text + done.stderr
    assert "sk-looks" not in text + done.stderr


IMPORTED = "from importlib.metadata import version; print(version('click'))"


def test_debug_shows_the_traceback_of_a_crash(tmp_path: Path) -> None:
    """`--debug` prints it beside the log, without keys."""
    done = crash(tmp_path, "--debug", "rule")
    assert (done.returncode, len(list(tmp_path.glob("*.log")))) == (70, 1)
    assert "Traceback" in done.stderr
    assert "key-in-the-environment" not in done.stderr


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["grade", "--api-key", "abc"], "judge grade --api-key '[hidden]'"),
        (["grade", "--api-key=abc"], "judge grade '--api-key=[hidden]'"),
        (["--base-url", "https://me:pw@host/v1?token=t1&x=1"], "'https://[user]@host/v1?token=[hidden]&x=1'"),
        (["--judge", "openai:m", "hf_0123456789"], "judge --judge openai:m '[key]'"),
    ],
)
def test_secrets_of_a_command_line_are_hidden(words: list[str], shown: str) -> None:
    """Values of options that are named like secrets, users in addresses, and what looks like a key."""
    from judge.commands._crash_log import crash_log

    (line,) = (line for line in crash_log(ValueError("x"), words).splitlines() if line.startswith("command:"))
    assert shown.replace("'", "") in line.replace("'", "")
