"""The corpus, for every test of this folder; without it they are skipped and say what is missing."""

from __future__ import annotations

import pytest
from corpus_kit import Corpus, CorpusAbsent, find_corpus


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """The run archive with its two repositories."""
    try:
        return find_corpus()
    except CorpusAbsent as absent:
        pytest.skip(str(absent))
