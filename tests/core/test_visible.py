"""Text from outside cannot steer the terminal it is shown in."""

from __future__ import annotations

import json

import pytest

from app.core.visible import visible, visible_line
from tests.odd_text import ODD_TEXTS

STEERING = {
    "a colour": "\x1b[31mred",
    "a title": "\x1b]0;title\x07",
    "an eight-bit control": "\x9b2J",
    "back over the line": "\r\x08 fake",
    "nul": "x\x00",
    "delete": "\x7f",
    "another line end": "\u2028\x85",
    "the other direction": "\u202eabc\u2066",
}


@pytest.mark.parametrize("name", STEERING)
def test_what_steers_a_terminal_is_written_as_its_code(name: str) -> None:
    assert visible_line(STEERING[name]).isprintable()


@pytest.mark.parametrize("text", ["", "plain", "漢字 😀 é", "two\nlines\tand a tab"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize("name", ODD_TEXTS)
def test_json_means_the_same_afterwards(name: str) -> None:
    text = json.dumps({"said": ODD_TEXTS[name]}, ensure_ascii=False)
    assert json.loads(visible(text)) == {"said": ODD_TEXTS[name]}


def test_a_line_that_ends_inside_a_text_stays_one_line() -> None:
    assert visible_line("refused\n2026 [error] forged") == "refused\\n2026 [error] forged"
