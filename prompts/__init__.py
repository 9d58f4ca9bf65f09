"""Versioned prompt packs for the LLM judges, as package data: one folder each, never edited once released.

Text enters a template in one pass: what stands in a value is never looked at again, so that no placeholder inside a
graded text can pull in anything.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_PLACEHOLDER = re.compile(r"\{\{([a-z_]+)\}\}")


class PackError(ValueError):
    """There is no such pack, or it is not whole; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Pack:
    """One prompt pack.

    Attributes:
        name: name of its folder.
        summary: what it asks for, in a sentence.
        texts: its templates by file name.
        digest: SHA-256 of the names and contents of all its files.
    """

    name: str
    summary: str
    texts: Mapping[str, str]
    digest: str

    def fill(self, text: str, **values: str) -> str:
        """Return a template with its placeholders `{{name}}` replaced, each once and in one pass.

        Raises:
            PackError: a placeholder without a value, or a value without its placeholder.
        """
        wanted = set(_PLACEHOLDER.findall(self.texts[text]))
        if wanted != set(values):
            raise PackError(f"pack {self.name!r}, {text}: it takes {sorted(wanted)}, and was given {sorted(values)}")
        return _PLACEHOLDER.sub(lambda found: values[found[1]], self.texts[text])


def pack_names() -> tuple[str, ...]:
    """Return the names of all packs, sorted."""
    return tuple(sorted(entry.name for entry in files(__name__).iterdir() if (entry / "pack.toml").is_file()))


def load_pack(name: str) -> Pack:
    """Read a pack.

    Raises:
        PackError: there is none of that name, or a file that it lists is missing.
    """
    if not _NAME.fullmatch(name) or name not in pack_names():
        raise PackError(f"no prompt pack is called {name!r}; there are: {', '.join(pack_names())}")
    folder = files(__name__) / name
    listing = tomllib.loads((folder / "pack.toml").read_text("utf-8"))
    whole = hashlib.sha256()
    texts: dict[str, str] = {}
    for file in ["pack.toml", *listing["files"]]:
        try:
            content = (folder / file).read_bytes()
        except OSError as error:
            raise PackError(f"pack {name!r}: {file} cannot be read ({error.strerror})") from error
        whole.update(f"{file}\0{len(content)}\0".encode() + content)
        texts[file] = content.decode("utf-8")
    return Pack(name=name, summary=listing["summary"], texts=texts, digest=whole.hexdigest())
