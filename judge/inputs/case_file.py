"""Reads `case.toml`, strictly: an unknown key or a wrong type is an error that names it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from judge.errors import InputError
from judge.inputs.batch import Defaults
from judge.static_checks.model.case import Case

_Model = TypeVar("_Model", bound=BaseModel)


class TimingTable(BaseModel):
    """Table `[timing]` of `case.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    import_paths: tuple[str, ...] = Field(default=(), description="folders of the tree put on sys.path")
    budget_s: float | None = Field(default=None, gt=0, description="wall-clock limit of one candidate's timing")
    call_timeout_s: float | None = Field(default=None, gt=0, description="limit of one call of the benchmark")
    build: str | None = Field(default=None, description="command run in a copy of each tree before it is timed")
    build_timeout_s: float | None = Field(default=None, gt=0, description="limit of one build")
    tests_timeout_s: float | None = Field(default=None, gt=0, description="limit of one run of the `tests` command")
    overlay: tuple[str, ...] = Field(
        default=(), description="packages whose compiled parts come from what is installed, their Python from the trees"
    )
    function: str | None = Field(
        default=None, pattern=r"^[\w.]+:[\w.]+$", description="benchmark `module:function`, instead of a file"
    )
    command: str | None = Field(default=None, description="benchmark command that prints JSON, instead of a file")
    metric: str | None = Field(default=None, min_length=1, description="number in that JSON; may be dotted")
    better: Literal["lower", "higher"] = Field(
        default="lower", description="whether a lower or higher metric is better"
    )

    @model_validator(mode="after")
    def _one_benchmark(self) -> TimingTable:
        if self.function and self.command:
            raise ValueError("give `function` or `command`, not both")
        if (self.command is None) != (self.metric is None):
            raise ValueError("`command` and `metric` belong together")
        return self


class CaseFile(BaseModel):
    """The whole of `case.toml`; every key is optional, flags fill what is absent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    repo: str | None = Field(default=None, description="path relative to the file, or a name given by --repo NAME=PATH")
    base: str | None = Field(default=None, description="revision the patches start from")
    human: str | None = Field(default=None, description="revision, or a diff file relative to the file")
    benchmark: str | None = Field(default=None, description="benchmark file, relative to the file")
    tests: str | None = Field(
        default=None,
        min_length=1,
        description="test command for the shell, run in the tree; `{junit}` is the JUnit XML to write, pytest knows",
    )
    description: str = ""
    timing: TimingTable = TimingTable()


class ProvenanceFile(BaseModel):
    """`NAME.toml` beside `NAME.diff`: where the candidate came from and what was claimed for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agent: str | None = None
    model: str | None = None
    run: str | None = None
    claimed: str | None = Field(default=None, pattern="^(success|error)$")


def read_case(file: Path, defaults: Defaults) -> Case:
    """Read a case from its `case.toml`; the folder's name is the case's name.

    Raises:
        InputError: naming the file, the key and what is wrong with it.
    """
    read = parse_toml(file, CaseFile)
    folder = file.parent
    human: str | Path | None = None
    if read.human is not None:
        human = folder / read.human if (folder / read.human).is_file() else read.human
    elif (folder / "human.diff").is_file():
        human = folder / "human.diff"
    else:
        human = human_side(defaults.human)
    if isinstance(human, str) and re.search(r"\.(diff|patch)$", human) and read.human is not None:
        raise InputError(f"{file}: human diff {human!r} is not a file in {str(folder)!r}; correct `human`")
    return Case(
        id=folder.resolve().name,
        repo=find_repo(read.repo, defaults, folder=folder, place=str(file)),
        base=read.base or defaults.base,
        human=human,
        benchmark=folder / read.benchmark if read.benchmark else defaults.benchmark,
        description=read.description.strip(),
        tests=read.tests,
        timing=read.timing.model_dump(exclude_none=True, exclude_defaults=True),
        origin=str(file),
    )


def human_side(human: str | None) -> str | Path | None:
    """Return the human side given by a flag: a file if there is one, else a revision."""
    return Path(human) if human is not None and Path(human).is_file() else human


def find_repo(name: str | None, defaults: Defaults, *, folder: Path | None, place: str) -> Path | None:
    """Find a repository: a name given by --repo NAME=PATH, else a path relative to `folder`.

    Raises:
        InputError: the name is neither.
    """
    if name is None:
        return defaults.repos.get("")
    if name in defaults.repos:
        return defaults.repos[name]
    path = (folder or Path()) / name
    if path.is_dir():
        return path
    raise InputError(f"{place}: repository {name!r} is neither a directory nor a name; give --repo {name}=PATH")


def parse_toml(file: Path, model: type[_Model]) -> _Model:
    """Read a TOML file into a model.

    Raises:
        InputError: naming the file and the first thing that is wrong in it.
    """
    try:
        raw: dict[str, Any] = tomllib.loads(file.read_bytes().decode("utf-8"))
        return model.model_validate(raw)
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{file}: not valid TOML: {error}") from error
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}); check that it is a readable file") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        known = ", ".join(model.model_fields)
        raise InputError(f"{file}: key {key!r}: {first['msg']}; known keys: {known}") from error
