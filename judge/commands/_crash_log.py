"""What a crash leaves behind: a file that can be pasted into a report as it is, without keys or the user's home."""

from __future__ import annotations

import os
import platform
import re
import shlex
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path

from judge.lib.distribution import DISTRIBUTION

_NAMES_A_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
_LOOKS_SECRET = re.compile(r"\b(?:sk|pk|hf|ghp|gho|github_pat|xox[abp])[-_][\w-]{8,}")
_USER_IN_URL = re.compile(r"(?<=://)[^/\s@'\"]+(?=@)")
_SECRET_IN_URL = re.compile(r"([?&][^=&\s]*(?:key|token|secret|password)[^=&\s]*=)[^&\s'\"]+", re.IGNORECASE)
_SHORTEST_SECRET = 6


def crash_message(error: BaseException, arguments: Sequence[str]) -> str:
    """Write the log of an error, and return what the user is to be told of it."""
    title = redacted(f"bug: {type(error).__name__}: {error}")
    text = crash_log(error, arguments)
    try:
        file = _write(text)
    except OSError as fault:
        return f"{title}\nNo log could be written ({fault.strerror}); please report what follows.\n\n{text}"
    return (
        f"{title}\nThis is a fault of judge and says nothing about your patches. The log is {file}\n"
        "Please look through it and paste it into a report. `judge --debug ...` shows the traceback here."
    )


def crash_log(error: BaseException, arguments: Sequence[str]) -> str:
    """Return all that a report needs: versions, command line, platform, traceback."""
    installed = sorted({f"{dist.name} {dist.version}" for dist in distributions() if dist.name}, key=str.lower)
    ours = [line for line in installed if line.startswith(f"{DISTRIBUTION} ")]
    others = [line for line in installed if line not in ours]
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    lines = [
        f"{ours[0] if ours else f'{DISTRIBUTION} (not installed)'} crashed at {when}",
        f"command:  judge {shlex.join(_without_secrets(arguments))}",
        f"python:   {platform.python_implementation()} {platform.python_version()}, {sys.executable}",
        f"platform: {platform.platform()}, {os.cpu_count()} cores",
        f"packages: {', '.join(others)}",
        "",
        "".join(traceback.format_exception(error)),
    ]
    return redacted("\n".join(lines))


def _write(text: str) -> Path:
    """Write the log into the folder for temporary files, under a name that no other crash has."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    number, name = tempfile.mkstemp(prefix=f"judge-crash-{stamp}-", suffix=".log", text=True)
    with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    return Path(name)


def _without_secrets(arguments: Sequence[str]) -> list[str]:
    """Take out the values of options that are named like a secret."""
    shown: list[str] = []
    hidden = False
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        secret = bool(argument.startswith("-") and _NAMES_A_SECRET.search(name))
        shown.append("[hidden]" if hidden else f"{name}=[hidden]" if secret and equals else argument)
        hidden = secret and not equals
    return shown


def redacted(text: str) -> str:
    """Take out the values of variables that are named like a secret, what looks like a key, and the user's home."""
    for name, value in os.environ.items():
        if _NAMES_A_SECRET.search(name) and len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, f"[{name}]")
    text = _USER_IN_URL.sub("[user]", _LOOKS_SECRET.sub("[key]", _SECRET_IN_URL.sub(r"\1[hidden]", text)))
    home = os.path.expanduser("~")  # noqa: PTH111 - no error where there is none
    return text.replace(home, "~") if len(home) > 1 else text
