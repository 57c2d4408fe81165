"""Every sentence of the pages is there in both languages, and the compiled file holds what the written one says."""

from __future__ import annotations

import re

import pytest

from tests.web.catalogue import WordList, word_lists

PLACEHOLDER = re.compile(r"%\(\w+\)s")
UPDATE = "run `python -m tests.web.catalogue` and translate what it names"


LISTS = word_lists()


@pytest.fixture(scope="module", params=LISTS, ids=[words.folder.name for words in LISTS])
def words(request: pytest.FixtureRequest) -> WordList:
    """Return the catalogue of the pages, or of one platform."""
    found: WordList = request.param
    return found


@pytest.fixture(scope="module")
def written(words: WordList) -> dict[str, str]:
    """Return each sentence with its Chinese."""
    return {str(message.id): str(message.string or "") for message in words.read_written() if message.id}


def test_every_sentence_of_the_pages_has_its_chinese(words, written):
    missing = {text: sorted(places) for text, places in words.used.items() if not written.get(text)}
    assert missing == {}, UPDATE


def test_no_translation_outlives_its_sentence(words, written):
    assert written.keys() - words.used.keys() == set(), UPDATE


def test_the_compiled_translations_are_the_written_ones(words, written):
    compiled = {str(message.id): str(message.string) for message in words.read_compiled() if message.id}
    assert compiled == written, UPDATE


def test_a_translation_keeps_the_places_for_values(written):
    changed = [
        text
        for text, chinese in written.items()
        if sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(chinese))
    ]
    assert changed == []


def test_no_sentence_holds_a_stray_percent_sign(written):
    # The templates put values into every sentence, so a lone % would break the page that shows it.
    assert [text for pair in written.items() for text in pair if "%" in PLACEHOLDER.sub("", text)] == []
