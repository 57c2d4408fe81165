"""Every source against forgeries of its own scheme, made from a sample that the simulator signed."""

from __future__ import annotations

import pytest

from app.platforms import catalogue
from tests.sources.firing import NOW, fired
from tests.sources.hostile import hostile_cases
from tests.sources.judging import SLUGS, judge, opened

FEWEST = 8


@pytest.mark.parametrize("slug", SLUGS)
def test_the_simulators_sample_is_taken(slug: str) -> None:
    request, keys = fired(slug)
    judged = judge(opened(slug, keys), request, NOW)
    assert (judged.outcome, judged.why) == ("accept", "")
    assert all(event.type and event.key for event in judged.events)


@pytest.mark.parametrize("slug", SLUGS)
def test_no_forgery_is_taken(slug: str) -> None:
    cases = list(hostile_cases(slug))
    answers_strangers = any(not each.signed for each in catalogue()[slug].signature.handshakes)
    fine = {"refuse", "handshake"} if answers_strangers else {"refuse"}
    taken = [
        name for name, request, keys in cases if judge(opened(slug, keys), request, NOW).outcome not in fine
    ]
    assert taken == []
    assert len({name for name, _, _ in cases}) >= FEWEST


def test_a_channel_without_its_keys_takes_nothing() -> None:
    for slug in SLUGS:
        source = catalogue()[slug]
        missing = opened(slug, {}).signature_covers
        assert missing is not None
        request, _ = fired(slug)
        if source.signature.handshakes and any(
            each.only_without_secret for each in source.signature.handshakes
        ):
            continue
        assert judge(opened(slug, {}), request, NOW).outcome == "refuse", slug
