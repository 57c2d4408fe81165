"""The share of the hostile cases that is tried by default is no smaller than it promises."""

from __future__ import annotations

from tests.sources.judging import SLUGS
from tests.sources.shares import FEWEST, schemes, shared_out

KINDS = {"a": ["empty", "cut", "old"], "b": ["empty", "cut"], "c": ["empty", "cut"]}


def test_every_source_is_of_one_scheme() -> None:
    assert sorted(slug for each in schemes() for slug in each) == SLUGS


def test_every_kind_of_case_is_tried_at_some_source_that_has_it() -> None:
    given = shared_out(KINDS, everything=False)
    assert set().union(*given.values()) == {"empty", "cut", "old"}
    assert all(given[slug] <= set(KINDS[slug]) for slug in KINDS)


def test_every_source_has_its_share_and_the_same_one_each_time() -> None:
    given = shared_out(KINDS, everything=False)
    assert min(map(len, given.values())) == FEWEST
    assert given == shared_out(KINDS, everything=False)


def test_a_scheme_with_one_source_has_all_cases_tried_there() -> None:
    assert shared_out({"a": KINDS["a"]}, everything=False) == {"a": set(KINDS["a"])}


def test_the_long_form_tries_everything() -> None:
    assert shared_out(KINDS, everything=True) == {slug: set(names) for slug, names in KINDS.items()}
