"""What is asked of a caller before its words count: address, rate, proof; and where a refusal is kept.

Callbacks and commands go through the same questions. Keys that are found while running are the business of key_finding.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from app.config.rates import rules_of
from app.core.accounts import HandedSecrets
from app.core.environments import ENVIRONMENT_HEADER, other_environment
from app.core.errors import (
    CallgateError,
    RefusedError,
    RequestError,
    StoreUnavailable,
    UnderPressure,
    VerificationError,
)
from app.core.ports import CommandSource, KeyFinder, WebhookSource
from app.core.values import InboundRequest, Verified
from app.pipeline.bans import BAD_SIGNATURE, UNKNOWN_CHANNEL, check_unknown_channel, note_refused
from app.pipeline.channels import Channel
from app.pipeline.evidence import refused_evidence, refused_path
from app.pipeline.inbound.changed_bodies import name_a_changed_body
from app.pipeline.inbound.key_finding import is_key_known, verified_with_claimed_key
from app.pipeline.inbound.reasons import explained, reason_word
from app.pipeline.overrides import check_is_on
from app.pipeline.services import Services
from app.pipeline.tokens.handed_secrets import kept_secret
from app.pipeline.tokens.original_ids import check_account, is_judged_at_once
from app.security.addresses import address_group, is_kept_out
from app.security.signatures import matching
from app.storage.inbox.rejections import NO_CHANNEL, NewRejection, insert_rejection

BAD_SIGNATURES_PER_ADDRESS = "60 per minute"
KEPT_REJECTIONS_PER_ADDRESS = "60 per minute"
"""On each channel. Each is a commit of its own, and some refusals (a wrong method, a kept out address) prove nothing and cost
their sender nothing."""

NONCE_LIFETIME = timedelta(seconds=600)
"""Longer than the widest window in which a signed time is accepted, on both sides of now."""

TOO_MANY_REQUESTS = 429

log = structlog.get_logger(__name__)


def let_in(services: Services, channel: Channel, request: InboundRequest) -> None:
    """Refuse what a switched-off channel and a channel's rules keep out: addresses, other environments, then too many requests; raises RefusedError."""
    check_is_on(services, channel.name)
    _check_address(channel, request)
    _check_environment(services, request)
    _check_rate_of_address(services, channel, request)
    _check_rate(services, channel)


def prove(services: Services, channel: Channel, source: WebhookSource, request: InboundRequest) -> Verified:
    """Prove who sent a callback; raises VerificationError, which `counted` then counts."""
    try:
        verified = _verify(services, channel, source, request)
        _check_requirements(verified)
        check_account(services, channel, request, verified)
    except VerificationError as error:
        error.is_counted = True
        raise
    return verified


def counted(services: Services, request: InboundRequest, error: CallgateError) -> CallgateError:
    """Count a refusal whose proof failed or whose channel is unknown; return it, or 429 for an address with too many."""
    try:
        if isinstance(error, VerificationError) and error.is_counted:
            _count_bad_signature(services, request)
        elif error.code == UNKNOWN_CHANNEL:
            check_unknown_channel(services, request.remote_addr)
    except RefusedError as throttled:
        return throttled
    return error


def prove_command(
    services: Services, source: CommandSource, request: InboundRequest, now: datetime
) -> Verified:
    """Prove who sent a command; refusals as with a callback."""
    try:
        return source.verify_command(request, now)
    except VerificationError:
        _count_bad_signature(services, request)
        raise


def nonce_end(verified: Verified, received_at: datetime) -> datetime:
    """Return until when a nonce must be remembered: until its signed time can no longer pass, where it signed one."""
    return verified.nonce_until or received_at + NONCE_LIFETIME


def nonce_was_used() -> VerificationError:
    """Return the refusal of a nonce that an earlier request has spent."""
    return VerificationError(
        "nonce_reused",
        code="nonce_reused",
        message="This nonce was used before; sign each request with a fresh one.",
        detail="Secret, time and signature fit, but the same nonce came before: the sender repeats it, or somebody who saw "
        "the request sent a copy or, where the signature does not cover the body, another body.",
    )


def keep_rejection(
    services: Services, channel_name: str, request: InboundRequest, error: CallgateError, *, trace_id: str
) -> str | None:
    """Store why a delivery was refused, and return that sentence; a caller who is refused very often cannot keep the store busy, faults of ours are not rejections.

    What is turned away under pressure would only add to it, and is told once when it begins and once when it ends.
    """
    if isinstance(error, UnderPressure):
        return None
    channel = channel_name if services.channels.is_configured(channel_name) else NO_CHANNEL
    if not isinstance(error, RequestError) or not _is_kept(services, channel, request, error):
        return None
    name_a_changed_body(services.channels.get(channel_name), request, error)
    reason = explained(error)
    headers, body = refused_evidence(services.channels.get(channel_name), request)
    rejection = NewRejection(
        channel=channel,
        status=error.http_status,
        error=error.code,
        reason=reason,
        method=request.method,
        path=refused_path(services.channels.get(channel_name), request.path),
        remote_addr=request.remote_addr,
        received_at=request.received_at,
        headers=headers,
        body=body,
        body_length=len(request.body),
        trace_id=trace_id,
    )
    try:
        with services.database.begin() as tx:
            insert_rejection(tx, rejection)
    except StoreUnavailable:
        log.warning("rejection_not_stored", channel=channel_name, trace_id=trace_id)
    return reason


def keep_rejected_command(
    services: Services, request: InboundRequest, error: CallgateError, *, trace_id: str
) -> None:
    """Keep why a command was refused, and tell the log."""
    channel = services.settings.callback_default_channel
    why = keep_rejection(services, channel, request, error, trace_id=trace_id)
    if not isinstance(error, UnderPressure):
        told = {} if why is None else {"why": why}
        named = log.bind(channel=channel, error=error.code, reason=reason_word(error), trace_id=trace_id)
        named.warning("command_rejected", **told)


def _is_kept(services: Services, channel: str, request: InboundRequest, error: RequestError) -> bool:
    if error.http_status == TOO_MANY_REQUESTS:
        return False
    caller = address_group(request.remote_addr)
    return services.rate_limits.hit(KEPT_REJECTIONS_PER_ADDRESS, "rejection", channel, caller) is None


def _check_address(channel: Channel, request: InboundRequest) -> None:
    if is_kept_out(request.remote_addr, denied=channel.denied_networks, allowed=channel.allowed_networks):
        raise RefusedError(
            "address_not_allowed",
            "Your address may not call this channel; check ip_allowlist, ip_denylist and TRUSTED_PROXIES.",
            detail=f"{request.remote_addr[:64]} is kept out by ip_allowlist or ip_denylist; behind a proxy, "
            "see whether TRUSTED_PROXIES counts it.",
        )


def _check_environment(services: Services, request: InboundRequest) -> None:
    own = services.settings.app_env
    other = other_environment(request.headers, own)
    if other is not None:
        raise RefusedError(
            "wrong_environment",
            f"This is the environment {own}; send requests of another one to its own gateway.",
            detail=f"{ENVIRONMENT_HEADER} says {other!r}, and APP_ENV here is {own}: a sender of another environment has this address.",
        )


def _check_rate_of_address(services: Services, channel: Channel, request: InboundRequest) -> None:
    rate = channel.config.rate_limit_per_address
    for rule in () if rate is None else rules_of(rate):
        caller = address_group(request.remote_addr)
        wait = services.rate_limits.hit_sliding(rule, "channel_address", channel.name, caller)
        if wait is not None:
            raise RefusedError(
                "rate_limited",
                "Too many callbacks from your address on this channel.",
                http_status=429,
                retry_after=wait,
            )


def _check_rate(services: Services, channel: Channel) -> None:
    if channel.config.rate_limit is None:
        return
    wait = services.rate_limits.hit(channel.config.rate_limit, "channel", channel.name)
    if wait is not None:
        raise RefusedError(
            "rate_limited", "Too many callbacks on this channel.", http_status=429, retry_after=wait
        )


def _count_bad_signature(services: Services, request: InboundRequest) -> None:
    """Count an unproven request of this address; repeated failures are throttled without touching its good traffic."""
    note_refused(services, request.remote_addr, BAD_SIGNATURE)
    wait = services.rate_limits.hit(
        BAD_SIGNATURES_PER_ADDRESS, "bad_signature", address_group(request.remote_addr)
    )
    if wait is not None:
        raise RefusedError(
            "rate_limited",
            "Too many requests with a bad signature from your address.",
            http_status=429,
            retry_after=wait,
        ) from None


def proves_without_asking(services: Services, channel: Channel, request: InboundRequest) -> bool:
    """Say whether a request can be proven without asking anybody: its key is configured, or known for a while, and so is its account."""
    if not is_judged_at_once(services, channel, request):
        return False
    finder = channel.as_capability(KeyFinder)
    return finder is None or is_key_known(services, channel, finder, request)


def _verify(services: Services, channel: Channel, source: WebhookSource, request: InboundRequest) -> Verified:
    finder = channel.as_capability(KeyFinder)
    claim = None if finder is None else finder.claimed_key(request)
    if finder is None or claim is None:
        return source.verify(request, request.received_at)
    handed = channel.as_capability(HandedSecrets)
    account = None if handed is None else handed.account_claimed(claim)
    if handed is None or account is None:
        return verified_with_claimed_key(services, channel, finder, request, claim)
    key = _handed_secret(services, channel, handed, account)
    return finder.verify_with_key(request, request.received_at, key)


def _handed_secret(services: Services, channel: Channel, source: HandedSecrets, account: str) -> bytes:
    """Return the secret that an account's event brought; raises VerificationError where none did."""
    secret = kept_secret(services, channel, source, account)
    if not secret:
        raise VerificationError(
            "unknown_account",
            "No event has brought a secret of the account that the request names, or the account has left since.",
        )
    return secret


def _check_requirements(verified: Verified) -> None:
    """Refuse a request that was proven and is meant for somebody else."""
    for requirement in verified.requirements:
        expected = [value for value in requirement.expected if value]
        if requirement.given is None or matching(requirement.given, expected) is None:
            raise VerificationError(
                f"wrong_{requirement.name}",
                f"The secret fits; the {requirement.name} differed: the request says {(requirement.given or 'none')[:64]!r}, "
                f"which is no {requirement.setting} of this channel.",
                message=f"The request is signed, but its {requirement.name} is not the channel's "
                f"{requirement.setting}; compare it in the channel configuration with the platform's console.",
            )
