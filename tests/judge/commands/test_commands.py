"""The small subcommands, and that what they print is true and documented."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import command_kit
import fault_table
import pytest
from gpu_kit import write_smi
from support import ROOT

from judge.commands.grade import command as grade_command
from judge.static_checks.discovery import all_rules

README = (ROOT / "README.md").read_text()


def judge(*args: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in the checkout."""
    return command_kit.judge(*args, cwd=ROOT)


def test_rule_lists_all_rules() -> None:
    """`judge rule` prints one line for each rule."""
    printed = judge("rule").stdout.splitlines()
    assert [line.split()[0] for line in printed] == [rule.code for rule in all_rules()]


def test_rule_explains_every_rule() -> None:
    """`judge rule CODE` says why, and shows both examples."""
    for code in ("apply-empty", "apply-repaired", "template-elision"):
        text = judge("rule", code).stdout
        rule = next(rule for rule in all_rules() if rule.code == code)
        assert " ".join(rule.why.split()) in " ".join(text.split())
        assert "is silent on this one" in text


def test_unknown_rule_suggests_one() -> None:
    """A mistyped code is exit code 2 with the nearest code."""
    done = judge("rule", "template-elisoin")
    assert done.returncode == 2
    assert "template-elision" in done.stderr


@pytest.mark.parametrize("name", ["verdict", "judgement", "timing", "case", "replay"])
def test_schema(name: str) -> None:
    """Each schema is JSON Schema with a description for people."""
    schema = json.loads(judge("schema", name).stdout)
    assert schema["$schema"].startswith("https://json-schema.org/")


def test_schema_of_a_verdict_names_the_contract_keys() -> None:
    """The keys that other programs rely on are in the schema of a line."""
    keys = json.loads(judge("schema", "verdict").stdout)["properties"]
    contract = "schema id case source claimed verdict true_success level reasons gates judgement timing"
    assert set(contract.split()) <= set(keys)


def test_doctor() -> None:
    """`judge doctor` checks git, the parser, the install, keys, torch, disk and GPU, and passes here."""
    done = judge("doctor")
    assert done.returncode == 0, done.stdout
    for name in ("git", "parser", "install", "openai", "torch", "disk", "gpu"):
        assert re.search(rf"^\S+\s+{name}\s", done.stdout, re.MULTILINE), name


def test_doctor_shows_each_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an `nvidia-smi`, each GPU has a line with what its timing would suffer from."""
    monkeypatch.setenv("PATH", write_smi(tmp_path))
    printed = judge("doctor").stdout
    assert re.search(r"gpu +Stand-in 1, driver 999.1; 900 of 1000 MiB used; 1 processes on it", printed), printed
    assert re.search(r"gpu .*idle; clock held down by power cap, temperature \(software\)", printed), printed


def test_usage_errors_exit_with_2() -> None:
    """Unknown commands and options are usage errors."""
    for args in (["nope"], ["grade"], ["grade", "x", "--nope"], ["schema", "nope"]):
        assert judge(*args).returncode == 2


def test_every_option_is_documented_in_help() -> None:
    """Each option of `judge grade` has a help text, and the page names every subcommand."""
    assert not [param.name for param in grade_command.params if param.param_type_name == "option" and not param.help]
    for name in ("calibrate", "doctor", "grade", "prompts", "rule", "schema"):
        assert name in judge("--help").stdout
        assert f"judge {name}" in README or name == "doctor"


def test_readme_library_example() -> None:
    """The library example of the README runs and prints a number."""
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr


def test_readme_exit_codes() -> None:
    """The README's table of exit codes is that of the command line."""
    codes = [
        int(code)
        for code in re.findall(
            r"^\| (\d+) \| ", README.partition("| exit code |")[2].partition("\n\n")[0], re.MULTILINE
        )
    ]
    assert codes == [0, 1, 2, 3, 70, 130]


def test_readme_fault_table_is_the_tested_one() -> None:
    """The README says of each fault of a provider what the tests show."""
    shown = README.partition("<!-- faults -->")[2].partition("<!-- /faults -->")[0]
    assert shown.strip() == fault_table.markdown().strip()
