"""Every source against forgeries of its own scheme, made from a sample that the simulator signed."""

from __future__ import annotations

import os
import random

import pytest

from tests.sources.firing import NOW, fired
from tests.sources.hostile import hostile_cases
from tests.sources.judging import SLUGS, judge, opened, source_of

FEWEST = 8
CHUNKS = 8
IS_LONG = os.environ.get("SOURCES_SIZE") == "long"
"""The long form tries every forgery; the short one the first few, and some of the others, of every source."""


def taken_of(slug: str) -> list[str]:
    """Return the forgeries that a source took; a set-up request that comes before any proof stores nothing."""
    cases = list(hostile_cases(slug))
    assert len({name for name, _, _ in cases}) >= FEWEST, slug
    chosen = cases if IS_LONG else [*cases[:4], *random.Random(slug).sample(cases[4:], 6)]
    answers_strangers = any(not each.signed for each in source_of(slug).signature.handshakes)
    fine = {"refuse", "handshake"} if answers_strangers else {"refuse"}
    return [
        f"{slug}: {name}"
        for name, request, keys in chosen
        if judge(opened(slug, keys), request, NOW).outcome not in fine
    ]


def fault_of_sample(slug: str) -> str | None:
    request, keys = fired(slug)
    judged = judge(opened(slug, keys), request, NOW)
    if judged.outcome != "accept":
        return f"{slug}: {judged.why}"
    return None if all(event.type and event.key for event in judged.events) else f"{slug}: no key or type"


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_the_simulators_samples_are_taken(chunk: int) -> None:
    assert [fault for slug in SLUGS[chunk::CHUNKS] if (fault := fault_of_sample(slug)) is not None] == []


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_forgery_is_taken(chunk: int) -> None:
    assert [name for slug in SLUGS[chunk::CHUNKS] for name in taken_of(slug)] == []


def test_a_channel_without_its_keys_takes_nothing() -> None:
    taken = [slug for slug in SLUGS if judge(opened(slug, {}), fired(slug)[0], NOW).outcome == "accept"]
    assert taken == []
