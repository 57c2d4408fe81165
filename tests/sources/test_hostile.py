"""Every source against forgeries of its own scheme, made from a sample that the simulator signed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.sources.firing import NOW, fired
from tests.sources.hostile import hostile_cases
from tests.sources.judging import SLUGS, judge, opened, source_of
from tests.sources.shares import CHUNKS, schemes_of, shared_out

FEWEST_KINDS = 8
"""How many kinds of forgeries a source has at least, tried or not."""


def taken_of(slugs: Sequence[str]) -> list[str]:
    """Return the forgeries that sources of one scheme took; a set-up request that comes before any proof stores nothing."""
    cases = {slug: list(hostile_cases(slug)) for slug in slugs}
    kinds = {slug: list(dict.fromkeys(name for name, _, _ in found)) for slug, found in cases.items()}
    assert [slug for slug, names in kinds.items() if len(names) < FEWEST_KINDS] == []
    chosen = shared_out(kinds)
    return [
        f"{slug}: {name}"
        for slug, found in cases.items()
        for name, request, keys in found
        if name in chosen[slug] and judge(opened(slug, keys), request, NOW).outcome not in _fine(slug)
    ]


def _fine(slug: str) -> set[str]:
    answers_strangers = any(not each.signed for each in source_of(slug).signature.handshakes)
    return {"refuse", "handshake"} if answers_strangers else {"refuse"}


def fault_of_sample(slug: str) -> str | None:
    request, keys = fired(slug)
    judged = judge(opened(slug, keys), request, NOW)
    if judged.outcome != "accept":
        return f"{slug}: {judged.why}"
    return None if all(event.type and event.key for event in judged.events) else f"{slug}: no key or type"


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_the_simulators_samples_are_taken(chunk: int) -> None:
    assert [
        fault for slugs in schemes_of(chunk) for slug in slugs if (fault := fault_of_sample(slug)) is not None
    ] == []


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_forgery_is_taken(chunk: int) -> None:
    assert [name for slugs in schemes_of(chunk) for name in taken_of(slugs)] == []


def test_a_channel_without_its_keys_takes_nothing() -> None:
    taken = [slug for slug in SLUGS if judge(opened(slug, {}), fired(slug)[0], NOW).outcome == "accept"]
    assert taken == []
