"""Which hostile cases a source is put through: a share of them by default, all in the long form (HOSTILE_SIZE=long).

Sources of one scheme run the same lines of the interpreter, so a case that one of them refuses says little about the next. The
share is fixed: all kinds of cases are covered over the sources of each scheme, and no source has fewer than FEWEST.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache

from sandbox.sources.files import source as described
from tests.sizes import IS_LONG
from tests.sources.judging import SLUGS

FEWEST = 2
CHUNKS = 8

Scheme = tuple[str, str, bool, bool]


def scheme_of(slug: str) -> Scheme:
    """Return how a source proves: kind, place of the proof, whether it is a list, whether a time is judged."""
    signature = described(slug)["signature"]
    place = signature.get("signature_place") or "header"
    has_window = any(word in signature for word in ("tolerance_s", "expires_after", "timestamp_is"))
    return signature.get("kind", "hmac"), place.partition(":")[0], "separator" in signature, has_window


@cache
def schemes() -> list[list[str]]:
    """Return the sources of each scheme."""
    found: dict[Scheme, list[str]] = defaultdict(list)
    for slug in SLUGS:
        found[scheme_of(slug)].append(slug)
    return [found[scheme] for scheme in sorted(found)]


def schemes_of(chunk: int) -> list[list[str]]:
    """Return the schemes that one of CHUNKS tests goes through."""
    return schemes()[chunk::CHUNKS]


def shared_out(
    kinds: Mapping[str, Sequence[str]], *, everything: bool = IS_LONG, fewest: int = FEWEST
) -> dict[str, set[str]]:
    """Return the kinds of cases that each source of one scheme is put through; `kinds` are those it has, by slug.

    Each kind goes to the source that has it and was given least so far, and then each source is filled up to `fewest`,
    in an order that begins elsewhere for each of them.
    """
    if everything:
        return {slug: set(names) for slug, names in kinds.items()}
    given: dict[str, set[str]] = {slug: set() for slug in kinds}
    for kind in dict.fromkeys(name for names in kinds.values() for name in names):
        taker = min((slug for slug in kinds if kind in kinds[slug]), key=lambda slug: len(given[slug]))
        given[taker].add(kind)
    for number, (slug, names) in enumerate(kinds.items()):
        start = number * fewest % max(1, len(names))
        order = [*names[start:], *names[:start]]
        missing = max(0, fewest - len(given[slug]))
        given[slug].update([name for name in order if name not in given[slug]][:missing])
    return given
