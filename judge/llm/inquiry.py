"""What is asked about one candidate: plain data, the same bytes for the same inputs, so that an answer can be kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from judge.core.judgement import Order, Side
from judge.lib.digests import digest


@dataclass(frozen=True, kw_only=True)
class Inquiry:
    """One question to one model, complete.

    Attributes:
        pack: name of the prompt pack.
        pack_digest: SHA-256 of all its files and of the answer's schema.
        system: the instructions; never a word of a patch, a repository or a task.
        shared: user text that is the same for all candidates of a case, so that providers can cache it.
        own: the rest of the user text.
        order: which change stands first.
        units: names of the human units by the ids used in the question (`U1` -> `path::name`).
        facts: the facts that were given, by id (`F1` -> sentence).
        documents: everything that may be quoted: by side and path, the texts that were sent.
        omitted: evidence that did not fit, in words.
        diffs_whole: whether both changes were sent in full.
        tokens: estimate of the input's tokens, not below what common tokenizers count.
        neutral: whether comments and strings were made neutral.
    """

    pack: str
    pack_digest: str
    system: str
    shared: str
    own: str
    order: Order
    units: Mapping[str, str]
    facts: Mapping[str, str]
    documents: Mapping[tuple[Side, str], tuple[str, ...]]
    omitted: tuple[str, ...] = ()
    diffs_whole: bool = True
    tokens: int
    neutral: bool = False

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that the model reads; it names the question everywhere."""
        return digest([self.pack_digest, self.system, self.shared, self.own])

    def custom_id(self, sample: int) -> str:
        """Return the name of one sample of this question in a batch or replay file: 64 hexadecimal digits."""
        return digest([self.digest, str(sample)])

    @property
    def prompt(self) -> str:
        """The pack as judgements name it."""
        return f"{self.pack}@{self.pack_digest[:12]}"


@dataclass(frozen=True, kw_only=True)
class Questionnaire:
    """All questions about one candidate.

    Attributes:
        candidate: id of the candidate.
        plain: the question in each order that votes need; vote number n is asked `plain[n % len(plain)]`.
        neutral: the same with comments and strings made neutral; asked only where there are `signs`.
        signs: what looks like an attempt to address the judge, in words.
    """

    candidate: str
    plain: tuple[Inquiry, ...]
    neutral: tuple[Inquiry, ...] = ()
    signs: tuple[str, ...] = ()
