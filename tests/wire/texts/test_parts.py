"""Properties of parts, whatever the text: nothing is lost, every part fits, no sign is broken."""

from __future__ import annotations

import time
from xml.etree import ElementTree

import pytest
import wcwidth
from hypothesis import assume, given
from hypothesis import strategies as st

from app.core.errors import RequestError
from app.wire.texts import Dialect, Limit, write_parts
from app.wire.texts.limits import MEASURES, Unit
from app.wire.texts.readers import read

ROOM = Limit("characters", 10**6)
FAMILY = "👨‍👩‍👧‍👦"
FLAGS = "🇩🇪🇨🇳🏴󠁧󠁢󠁥󠁮󠁧󠁿"
PIECES = st.sampled_from(
    [
        "word ", "语句。", "**bold** ", "*it* ", "~~old~~ ", "`code` ", FAMILY, FLAGS, "👍🏽", "é", "각", "[link](https://a.example/x_y) ",
        "\n", "\n\n", "- item\n", "1. item\n", "> said\n", "\n```py\nprint('&<>')\n```\n", "<b>", "a < b & c", "* ", "_", "[", "](", "\\",
        "# head\n", "---\n", "&amp;", "https://b.example/a_b_c ", "@all", "||", "<@all> ", "x" * 40,
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES, min_size=1, max_size=60).map("".join)
NOT_SEEN = {"\u200b", "\u00a0", "\ufffc"}


def seen(text: str) -> str:
    return "".join(sign for sign in text if not sign.isspace() and sign not in NOT_SEEN)


def holds_in_order(text: str, signs: str) -> bool:
    """Say whether all signs come in this order; marks of what was cut come twice."""
    rest = iter(text)
    return all(sign in rest for sign in signs)


@pytest.mark.parametrize("dialect", list(Dialect))
@given(text=TEXTS, most=st.integers(60, 400), unit=st.sampled_from(sorted(MEASURES)))
def test_parts_fit_and_together_say_all_of_it(dialect: Dialect, text: str, most: int, unit: Unit) -> None:
    try:
        whole = write_parts("", text, "markdown", Dialect.PLAIN, ROOM)
        parts = write_parts("Title", text, "markdown", dialect, Limit(unit, most, reserve=10), most=500)
    except RequestError:
        # Nothing in it is seen, or an address in it is longer than a part.
        assume(False)
    assert all(MEASURES[unit](part.text) <= most - 10 for part in parts)
    assert holds_in_order("".join(part.plain for part in parts), seen(whole[0].text))
    if dialect is Dialect.TELEGRAM_HTML:
        assert all(ElementTree.fromstring(f"<a>{part.text}</a>") is not None for part in parts)


@given(
    st.lists(st.sampled_from([FAMILY, FLAGS, "👍🏽", "é", "각", "中"]), min_size=20).map("".join),
    st.integers(40, 90),
)
def test_no_part_begins_or_ends_within_a_sign(text: str, most: int) -> None:
    parts = write_parts("", text, "text", Dialect.PLAIN, Limit("bytes", most), most=500)
    clusters = list(wcwidth.iter_graphemes(text))
    assert [cluster for part in parts for cluster in wcwidth.iter_graphemes(part.text)] == clusters


def test_code_tables_quotes_and_items_go_on_with_their_marks() -> None:
    def parts(text: str, most: int) -> list[str]:
        return [
            part.text for part in write_parts("", text, "markdown", Dialect.COMMONMARK, Limit("bytes", most))
        ]

    assert parts("```py\nfirst\nsecond\n```", 20) == ["```py\nfirst\n```", "```py\nsecond\n```"]
    assert parts("| k |\n|---|\n| a |\n| b |", 24) == ["| k |\n| --- |\n| a |", "| k |\n| --- |\n| b |"]
    assert parts("> one.\n> two.", 8) == ["> one.", "> two."]
    assert parts("3. one\n4. two. three", 10) == ["3. one", "4. two.", "   three"]
    assert parts("**bold words**", 10) == ["**bold**", "**words**"]


def test_a_text_is_cut_between_blocks_then_sentences_then_words() -> None:
    def parts(text: str) -> list[str]:
        return [
            part.text for part in write_parts("", text, "markdown", Dialect.WECOM, Limit("characters", 20))
        ]

    assert parts("# Head\n\nfirst words\n\nsecond words") == ["# Head\nfirst words", "second words"]
    assert parts("一二三四五六七八九十。一二三四五六七八九十。一") == [
        "一二三四五六七八九十。",
        "一二三四五六七八九十。一",
    ]
    assert parts("some words and more words") == ["some words and more", "words"]
    assert parts("x" * 25) == ["x" * 20, "x" * 5]


def test_several_parts_are_numbered_and_too_many_are_refused() -> None:
    text = "\n\n".join(["words"] * 12)
    titled = write_parts(
        "Title", text, "markdown", Dialect.PLAIN, Limit("characters", 40), title_in_text=True
    )
    assert [(part.title, part.text.split("\n")[0]) for part in titled] == [
        ("(1/3) Title", "(1/3) Title"), ("(2/3) Title", "(2/3)"), ("(3/3) Title", "(3/3)"),
    ]  # fmt: skip
    with pytest.raises(RequestError, match="more than 2 messages") as refused:
        write_parts("", text, "markdown", Dialect.PLAIN, Limit("characters", 12), most=2)
    assert refused.value.code == "text_too_long"
    with pytest.raises(RequestError, match="256 KB"):
        write_parts("", "中" * 90_000, "html", Dialect.PLAIN, ROOM)


def test_an_address_longer_than_a_part_leaves_its_words() -> None:
    parts = write_parts(
        "", f"[words](https://a.example/{'x' * 90})", "markdown", Dialect.SLACK, Limit("bytes", 50)
    )
    assert "".join(part.text for part in parts) == f"words (https://a.example/{'x' * 90})"


def test_hostile_texts_are_read_in_step_with_their_length() -> None:
    whole = [
        "[",
        "![",
        "*",
        ">",
        "`",
        "".join(" " * (2 * depth) + "- a\n" for depth in range(310)),
        "[" * 50_000 + "]" * 50_000,
    ]
    short = ["*a **b ", "> a\n", "[a](", "<a ", "1. ", "a\n", "|a", "\\"]
    for piece, size in [*((each, 100_000) for each in whole), *((each, 10_000) for each in short)]:
        began = time.thread_time()
        read((piece * size)[:size], "markdown")
        assert time.thread_time() - began < 3.0, piece[:20]
    for piece in ("<b>", "<li>", "<!--", "<table><tr><td>", "<a href='"):
        began = time.thread_time()
        read((piece * 100_000)[:100_000], "html")
        assert time.thread_time() - began < 3.0, piece
