"""Keys that platforms publish, found while running: got once for all requests, seldom asked for, and not lost to a flood.

Which key is claimed is a stranger's text. Reading the claim and verifying are the platform's and pure; only the step
between them, which is here, calls the platform.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from app.core.errors import UpstreamError, UpstreamUnavailable, VerificationError
from app.core.ports import KeyFinder
from app.core.values import InboundRequest, Verified
from app.pipeline.channels import Channel, ask_platform
from app.pipeline.services import Services
from app.security.addresses import address_group
from app.security.found_keys import FAILED_SECONDS, Found

KEY_FETCHES_PER_ADDRESS = "5 per minute"
KEY_FETCHES_PER_CHANNEL = "30 per minute"
"""For keys that have proven nothing yet: one address cannot use up what is left for the platform's own new key."""

RENEWALS_PER_KEY = "10 per minute"
LONGEST_CLAIM = 512
KNOWN_FOR = timedelta(seconds=30)
"""How long a found key must still be good for to count as known: it may not end between that look and its use."""

GRACE = timedelta(hours=2)
"""How long a key that has proven requests goes on after its time while its platform cannot be asked."""

log = structlog.get_logger(__name__)


def is_key_known(services: Services, channel: Channel, finder: KeyFinder, request: InboundRequest) -> bool:
    """Say whether a request's key is configured, or known for a while, so that nobody has to be asked."""
    try:
        claim = finder.claimed_key(request)
    except VerificationError:
        return True
    return claim is None or channel.found_keys.look_up(claim, services.clock.now() + KNOWN_FOR) is not None


def verified_with_claimed_key(
    services: Services, channel: Channel, finder: KeyFinder, request: InboundRequest, claim: str
) -> Verified:
    """Prove a request with the key that it claims; raises VerificationError, UpstreamError when nobody can say."""
    key = _found_key(services, channel, finder, claim, request.remote_addr)
    verified = finder.verify_with_key(request, request.received_at, key)
    channel.found_keys.note_proof(claim)
    return verified


def _found_key(
    services: Services, channel: Channel, finder: KeyFinder, claim: str, remote_addr: str
) -> bytes:
    """Return the key a request claims; raises VerificationError when there is none, UpstreamError when nobody can say.

    1. What was found before is taken.
    2. Else it is asked for; one that has proven requests goes on for a while when the platform cannot be asked.
    """
    if not 0 < len(claim) <= LONGEST_CLAIM:
        raise VerificationError(
            "bad_key_claim",
            f"The request names its key with more than {LONGEST_CLAIM} characters, or with none.",
        )
    kept = channel.found_keys
    try:
        found = kept.look_up(claim, services.clock.now()) or _asked(
            services, channel, finder, claim, remote_addr
        )
    except UpstreamError:
        old = kept.old_key(claim, services.clock.now(), GRACE)
        if old is None:
            raise
        log.warning("key_not_renewed", channel=channel.name)
        return old
    if found.key is None:
        raise VerificationError(
            "unknown_key",
            "The platform knows no key of the name in the request; compare account and environment.",
        )
    return found.key


def _asked(services: Services, channel: Channel, finder: KeyFinder, claim: str, remote_addr: str) -> Found:
    """Ask the platform for a key: one caller at a time, seldom, and not again when it failed a moment ago."""
    kept = channel.found_keys
    with kept.alone():
        if (found := kept.look_up(claim, services.clock.now())) is not None:
            return found
        if (failure := kept.failure(claim, services.clock.now())) is not None:
            raise UpstreamUnavailable(failure.message, retry_after=FAILED_SECONDS)
        _check_fetches(services, channel, claim, remote_addr)
        now = services.clock.now()
        try:
            keys = ask_platform(lambda: finder.fetch_keys(claim, channel.http, now))
        except UpstreamError as error:
            kept.keep_failure(claim, error, services.clock.now())
            raise
        return kept.keep(claim, keys, services.clock.now(), finder.key_seconds)


def _check_fetches(services: Services, channel: Channel, claim: str, remote_addr: str) -> None:
    """Raise UpstreamUnavailable where too much was asked: of a key that has proven requests it is counted by itself."""
    rules: tuple[tuple[str, tuple[str, ...]], ...] = (
        (KEY_FETCHES_PER_ADDRESS, ("key_fetch_address", channel.name, address_group(remote_addr))),
        (KEY_FETCHES_PER_CHANNEL, ("key_fetch", channel.name)),
    )
    if channel.found_keys.has_proven(claim):
        rules = ((RENEWALS_PER_KEY, ("key_renewal", channel.name, claim)),)
    for rule, names in rules:
        wait = services.rate_limits.hit(rule, *names)
        if wait is not None:
            log.warning("key_fetches_limited", channel=channel.name)
            raise UpstreamUnavailable(
                "Too many unknown keys were claimed on this channel; the key is looked up again in a moment.",
                retry_after=wait,
            )
