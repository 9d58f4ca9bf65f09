from pathlib import Path

import pytest

from judge.bench import Contract, ContractProblem, check_contract


def checked(tmp_path: Path, text: str) -> Contract | ContractProblem:
    path = tmp_path / "b.py"
    path.write_text(text, encoding="utf-8")
    return check_contract(path)


@pytest.mark.parametrize(
    ("text", "function", "takes_data", "equivalence"),
    [
        ("def setup(): ...\ndef experiment(data): ...", "experiment", True, False),
        ("def setup(): ...\ndef experiment(): ...", "experiment", False, False),
        ("def setup(): ...\ndef workload(): ...", "workload", False, False),
        ("def setup(): ...\ndef workload(d): ...\n", "workload", True, False),
        ("from x import setup\nexperiment = setup", "experiment", True, False),
        ("try:\n def setup(): ...\nexcept E: pass\ndef experiment(d, n=1): ...", *("experiment",),
         True, False),
        ("def setup(): ...\ndef experiment(d): ...\ndef check_equivalence(a, b): ...",
         "experiment", True, True),
    ],
)  # fmt: skip
def test_contracts_are_recognised(
    tmp_path: Path, text: str, function: str, takes_data: bool, equivalence: bool
) -> None:
    """Both contracts are read from the source, with how the timed function is called."""
    contract = checked(tmp_path, text)
    assert isinstance(contract, Contract)
    assert (contract.function, contract.takes_data) == (function, takes_data)
    assert contract.has_check_equivalence is equivalence


@pytest.mark.parametrize(
    ("text", "code", "named"),
    [
        ("def experiment(data): ...", "missing_setup", "setup()"),
        ("def setup(): ...", "missing_experiment", "experiment(data)"),
        ("def setup(size): ...\ndef experiment(d): ...", "signature", "setup()"),
        ("def setup(): ...\ndef experiment(a, b): ...", "signature", "experiment()"),
        ("def setup(): ...\nasync def experiment(d): ...", "signature", "async"),
        ("def setup(): ...\ndef experiment(d):\n yield d", "signature", "generator"),
        ("def setup(:", "syntax", "not valid Python"),
        ("x = 1\0", "syntax", "not valid Python"),
        ("class A:\n def setup(self): ...", "missing_setup", "setup()"),
    ],
)
def test_problems_name_thing_place_and_next_step(tmp_path: Path, text: str, code: str, named: str) -> None:
    """A file without the contract is a problem that says what is missing, where and what to do."""
    problem = checked(tmp_path, text)
    assert isinstance(problem, ContractProblem)
    assert problem.code == code
    assert named in str(problem)
    assert "b.py" in str(problem)
    assert problem.next_step


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    """No file is a named problem, not a traceback."""
    problem = check_contract(tmp_path / "none.py")
    assert isinstance(problem, ContractProblem)
    assert problem.code == "missing_file"
    assert isinstance(check_contract(tmp_path), ContractProblem)


def test_the_file_is_never_executed(tmp_path: Path) -> None:
    """Checking reads the source only."""
    mark = tmp_path / "ran"
    text = f"open({str(mark)!r}, 'w')\ndef setup(): ...\ndef experiment(d): ..."
    assert isinstance(checked(tmp_path, text), Contract)
    assert not mark.exists()
