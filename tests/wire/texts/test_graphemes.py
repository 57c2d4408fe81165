"""Clusters of signs, judged by an independent reader of the same annex."""

from __future__ import annotations

from itertools import accumulate

import wcwidth
from hypothesis import example, given
from hypothesis import strategies as st

from app.wire.texts.graphemes import last_boundary

SIGNS = st.sampled_from(
    [*"a é中각한ㅎ\u1100\u1161\u11a8\u0301\u200d\ufe0f\u200c👨👩👧👍🏽🇩🇪🏴❤🏳🌈\U000e0067\U000e007f\u0903ไำ"]
)


@example("👨‍👩‍👧‍👦👍🏽🇩🇪🇨🇳🏴\U000e0067\U000e0062\U000e007fé각\u1100\u1161\u11a8")
@given(st.lists(SIGNS, max_size=12).map("".join))
def test_no_cluster_is_ever_cut(text: str) -> None:
    ours = {last_boundary(text, at) for at in range(len(text) + 1)}
    theirs = {0, *accumulate(len(cluster) for cluster in wcwidth.iter_graphemes(text))}
    assert ours <= theirs


def test_signs_that_stand_alone_may_be_parted() -> None:
    text = "中a👍é" + "🇩🇪" * 2 + "각"
    assert sorted({last_boundary(text, at) for at in range(len(text) + 1)}) == [0, 1, 2, 3, 4, 6, 8, 9]
    assert last_boundary("a" + "\u0301" * 500, 300) == 300
