"""A provider is one folder: nothing else in the package knows its name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ROOT

from judge.llm.options import EFFORTS
from judge.llm.providers.discovery import all_protocols, all_providers

PROVIDERS = ROOT / "judge/llm/providers"


def names_used(file: Path) -> Iterator[str]:
    """Yield the providers that the code of a file names: as a string by itself, or by what it imports."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        words: list[str] = []
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = [node.value]
        elif isinstance(node, ast.ImportFrom):
            words = (node.module or "").split(".")
        elif isinstance(node, ast.Import):
            words = [alias.name.partition(".")[0] for alias in node.names]
        yield from (word for word in words if word in all_providers())


def test_only_its_folder_names_a_provider() -> None:
    """A further provider needs no edit outside of its folder."""
    named = {
        (str(file.relative_to(ROOT)), name)
        for file in (ROOT / "judge").rglob("*.py")
        for name in names_used(file)
        if not file.is_relative_to(PROVIDERS / name)
    }
    assert named == set()


@pytest.mark.parametrize("name", all_providers())
def test_a_provider_is_told_by_its_own_words(name: str) -> None:
    """Its folder, its spec and its help name it; it has protocols, chosen from its own, and known efforts."""
    provider = all_providers()[name]
    assert f"{name}:MODEL" == provider.SPEC and (PROVIDERS / name / "provider.py").is_file()
    assert provider.KEY_VARIABLE in provider.HELP
    assert {provider.choose_protocol(url) for url in (None, "http://h/v1")} <= set(provider.PROTOCOLS)
    assert set(EFFORTS) >= provider.EFFORTS


def test_every_protocol_has_a_name_of_its_own() -> None:
    """Records and kept replies name the protocol, so that no two may share a name."""
    assert len(all_protocols()) == sum(len(provider.PROTOCOLS) for provider in all_providers().values())
