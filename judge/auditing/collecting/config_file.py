"""Reads a configuration file, YAML, JSON or TOML by its name, into plain values."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import yaml

MOST_BYTES = 10 * 1024 * 1024


class CannotRead(ValueError):
    """The file cannot be read as what its name says; the message says why."""


def read_config(file: Path, content: bytes | None = None) -> object:
    """Return what a configuration file holds.

    Args:
        content: its bytes, where they do not stand in a file.

    Raises:
        CannotRead: it is not there, too large, or not of the format that its name says.
    """
    try:
        if content is None:
            if (size := file.stat().st_size) > MOST_BYTES:
                raise CannotRead(f"{size} bytes, over the limit of {MOST_BYTES}")
            content = file.read_bytes()
        text = content.decode("utf-8")
        match file.suffix.lower():
            case ".json":
                return json.loads(text)
            case ".toml":
                return tomllib.loads(text)
            case ".yaml" | ".yml":
                return yaml.safe_load(text)
            case suffix:
                raise CannotRead(f"{suffix or 'no suffix'}: only .yaml, .yml, .json and .toml are read")
    except OSError as error:
        raise CannotRead(f"cannot be read ({error.strerror})") from error
    except RecursionError as error:
        raise CannotRead("nested too deeply") from error
    except (ValueError, yaml.YAMLError) as error:
        if isinstance(error, CannotRead):
            raise
        raise CannotRead(f"not valid: {' '.join(str(error).split())}") from error
