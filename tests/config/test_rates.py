"""Rates as people write them, with a burst or without."""

from __future__ import annotations

import pytest

from app.config.channels import parse_channels
from app.config.rates import rules_of
from app.core.errors import ConfigurationError
from tests.builders import CALLBACK_CHANNEL, environment


@pytest.mark.parametrize(
    ("written", "rules"),
    [
        ("120 per minute", ("120 per minute",)),
        ("5/second", ("5/second",)),
        ("120 per minute, burst 20", ("20 per second", "120 per minute")),
        ("1000/hour,burst 1000", ("1000 per second", "1000/hour")),
    ],
)
def test_a_burst_is_a_second_rate(written: str, rules: tuple[str, ...]) -> None:
    assert rules_of(written) == rules


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("often", "must look like"),
        ("120 per minute burst 20", "must look like"),
        ("120 per minute, burst 0", "must look like"),
        ("120 per minute, burst 20, burst 30", "must look like"),
        ("120 per minutes", "must look like"),
        ("5 per second, burst 2", "within one second"),
        ("5 per minute, burst 6", "within one second"),
        ("0" * 100_000, "must look like"),
    ],
)
def test_what_is_no_rate_is_said_with_the_channel_and_the_key(written: str, sentence: str) -> None:
    text = f'{CALLBACK_CHANNEL}rate_limit_per_address = "{written}"\n'
    with pytest.raises(ConfigurationError) as caught:
        parse_channels(text, environment())
    (fault,) = caught.value.faults
    assert "[channels.callback] rate_limit_per_address" in fault
    assert sentence in fault
