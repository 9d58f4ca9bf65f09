"""Prompt packs: released ones stay as they are, and text enters them in one pass."""

from __future__ import annotations

import hashlib
import json
import re
from importlib.resources import files

import pytest

from judge.llm.answer import HackKind, RiskKind, answer_schema
from judge.prompts import Pack, PackError, load_pack, pack_names

RELEASED = {"logic-1": "f6b98accab6224270638db64114dc3911d586116b7bcfe4cc7be6b6fda38560c"}
"""A pack that anyone may have used is never edited; a better one gets another name."""


SCHEMA = "033cd8ae3a66572d76c1c6aacba2982462a188e432e344db25500c43141acaee"
"""Digest of the answer's schema, which is part of every question as well."""


def test_released_packs_are_never_edited() -> None:
    """The digest of every pack is the one it was released with, and no pack is without one."""
    assert {name: load_pack(name).digest for name in pack_names()} == RELEASED
    assert hashlib.sha256(json.dumps(answer_schema(), sort_keys=True).encode()).hexdigest() == SCHEMA


def test_every_file_of_a_pack_counts() -> None:
    """A pack reads all that its folder holds, so that nothing unhashed can get into a question."""
    for name in pack_names():
        folder = {entry.name for entry in (files("judge.prompts") / name).iterdir()}
        assert folder == {"pack.toml", *load_pack(name).texts}


@pytest.mark.parametrize("name", ["", "logic-0", "../logic-1", "logic-1/"])
def test_an_unknown_pack_is_named(name: str) -> None:
    """There is no way to a pack but its own name."""
    with pytest.raises(PackError, match="there are: logic-1"):
        load_pack(name)


def test_one_pass() -> None:
    """A placeholder inside a value stays as it is."""
    pack = Pack(name="p", summary="", texts={"t": "{{one}} and {{two}}"}, digest="")
    assert pack.fill("t", one="{{two}}", two="{{one}}\\1") == "{{two}} and {{one}}\\1"


@pytest.mark.parametrize("values", [{}, {"one": "1"}, {"one": "1", "two": "2", "three": "3"}])
def test_values_and_placeholders_must_agree(values: dict[str, str]) -> None:
    """A forgotten or superfluous value is an error of ours, never an empty place in a question."""
    pack = Pack(name="p", summary="", texts={"t": "{{one}} {{two}}"}, digest="")
    with pytest.raises(PackError, match="it takes"):
        pack.fill("t", **values)


def test_the_pack_explains_what_it_asks_for() -> None:
    """Every field and every word on the menu of the answer is explained, and none that is not there."""
    text = load_pack("logic-1").texts["system.md"]
    kinds = {*RiskKind.__args__, *HackKind.__args__}  # type: ignore[attr-defined]  # a Literal has arguments
    explained = set(re.findall(r"^- `([a-z_]+)`", text, re.MULTILINE))
    menu = {"covered", "covered_differently", "missing", "unclear", "same", "other", "none"}
    assert kinds | menu <= explained
    schema = answer_schema()
    fields = set(schema["properties"]) - {"bottleneck_quotes", "bottleneck_why"}
    assert fields <= set(re.findall(r"\*\*([a-z_, ]+)\*\*", text.replace(", ", "**, **"))) | {"disputed_facts"}
    assert explained <= kinds | menu


def test_nothing_is_asked_that_code_derives() -> None:
    """Match, completeness, category and score are worked out in code and never asked for."""
    text = load_pack("logic-1").texts["system.md"] + str(answer_schema())
    assert not re.search(r"logic_match|completeness|true_success|\bscore\b|chain.of.thought", text)
