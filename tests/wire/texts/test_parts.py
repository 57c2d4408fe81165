"""Properties of parts, whatever the text: nothing is lost, every part fits, no sign is broken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import RequestError
from app.wire.texts import Dialect, Limit, write_parts
from app.wire.texts.limits import MEASURES

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
def test_parts_fit_and_together_say_all_of_it(dialect: Dialect, text: str, most: int, unit: str) -> None:
    limit = Limit(unit, most, reserve=10)  # type: ignore[arg-type]
    try:
        whole = write_parts("", text, "markdown", Dialect.PLAIN, Limit("characters", 10**6))
        parts = write_parts("Title", text, "markdown", dialect, limit, most=500)
    except RequestError as refused:
        assert refused.code in {"no_text", "text_too_long"}
        return
    assert all(MEASURES[unit](part.text) <= most - 10 for part in parts)
    assert holds_in_order("".join(part.plain for part in parts), seen(whole[0].text))
