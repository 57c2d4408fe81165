"""Which platforms' proofs leave the event loop. What a proof costs is measured by hand (the list is in docs/decisions/0051), not here: times of a busy machine prove nothing."""

from __future__ import annotations

from app.core.slow_proofs import SlowProof
from tests.platforms.samples import samples


def test_the_platforms_whose_proofs_are_slow_say_so() -> None:
    opened = {sample.slug: sample.open() for sample in samples() if sample.prove is not None}
    slow = {slug for slug, each in opened.items() if isinstance(each, SlowProof) and each.proof_is_slow}
    assert slow == {"apple-notifications", "cmbpay", "microsoft-graph"}
