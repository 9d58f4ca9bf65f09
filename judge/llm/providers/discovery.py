"""Finds the providers by scanning the folders beside this file, and what they recognise as theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, cast

from judge.lib.folder_scan import scan
from judge.llm.providers.failures import refused
from judge.llm.providers.interface import Provider, WireProtocol
from judge.llm.providers.json_shapes import mapping
from judge.llm.reply import Failure, Reply

_NEEDS = (
    "SPEC",
    "HELP",
    "SCOPE",
    "KEY_VARIABLE",
    "DISTRIBUTION",
    "EFFORTS",
    "CACHE_WRITE_FACTOR",
    "PROTOCOLS",
    "BATCH_API",
    "choose_protocol",
)


@cache
def all_providers() -> Mapping[str, Provider]:
    """Return the providers by name.

    Raises:
        RuntimeError: a folder beside this file is no provider; the message names its file.
    """
    modules = scan("llm.providers", needs=_NEEDS, entry="provider")
    return {provider.SPEC.partition(":")[0]: provider for provider in cast(list[Provider], modules)}


@cache
def all_protocols() -> Mapping[str, WireProtocol]:
    """Return the protocols of all providers by name."""
    return {protocol.NAME: protocol for provider in all_providers().values() for protocol in provider.PROTOCOLS}


def find_reader(payload: object) -> Callable[[object], Reply | Failure]:
    """Return the reader of a reply whose protocol is not known, found by the reply's own shape."""
    shape = mapping(payload)
    return next((protocol.read for protocol in all_protocols().values() if protocol.recognises(shape)), _no_reply)


def _no_reply(payload: object) -> Failure:
    return refused(None, payload).failure


def read_batch_result(line: Mapping[str, Any]) -> dict[str, Any] | Failure | None:
    """Read a line of batch results of any provider: the body of a reply, or why there is none; None if it is none."""
    results = (provider.BATCH_API.read_result(line) for provider in all_providers().values())
    return next((result for result in results if result is not None), None)
