"""What `run.json` says of a run: its arguments, when it ended, versions and machine; nothing else is told of these."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version


def run_info(facts: Mapping[str, object], *, packages: Iterable[str]) -> str:
    """Return `run.json`: the given facts of the run, schema first, and what is the same for all."""
    info = {
        **facts,
        "arguments": sys.argv[1:],
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "versions": {name: installed(name) for name in packages},
        "machine": {"python": platform.python_version(), "platform": platform.platform(), "cores": os.cpu_count()},
    }
    return json.dumps(info, indent=2) + "\n"


def installed(distribution: str) -> str | None:
    """Return the installed version of a distribution, None if it is not there."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
