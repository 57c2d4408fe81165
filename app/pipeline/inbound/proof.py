"""What is asked of a caller before its words count: address, rate, proof; and where a refusal is kept."""

from __future__ import annotations

import structlog

from app.core.errors import CallgateError, RefusedError, RequestError, StoreUnavailable
from app.core.values import InboundRequest
from app.pipeline.channels import Channel
from app.pipeline.services import Services
from app.security.addresses import is_within
from app.security.redaction import redact_headers
from app.storage.inbox.rejections import NewRejection, insert_rejection

BAD_SIGNATURES_PER_ADDRESS = "60 per minute"
TOO_MANY_REQUESTS = 429

log = structlog.get_logger(__name__)


def check_address(channel: Channel, request: InboundRequest) -> None:
    """Refuse an address that the channel's rules keep out."""
    denied = channel.denied_networks and is_within(request.remote_addr, channel.denied_networks)
    outside = channel.allowed_networks and not is_within(request.remote_addr, channel.allowed_networks)
    if denied or outside:
        raise RefusedError(
            "address_not_allowed",
            "Your address may not call this channel; check ip_allowlist, ip_denylist and TRUSTED_PROXIES.",
        )


def check_rate(services: Services, channel: Channel) -> None:
    """Count a request of this channel; raises RefusedError when there are too many."""
    if channel.config.rate_limit is None:
        return
    wait = services.rate_limits.hit(channel.config.rate_limit, "channel", channel.name)
    if wait is not None:
        raise RefusedError(
            "rate_limited", "Too many callbacks on this channel.", http_status=429, retry_after=wait
        )


def count_bad_signature(services: Services, request: InboundRequest) -> None:
    """Count an unproven request of this address; raises RefusedError 429 when there are too many."""
    wait = services.rate_limits.hit(BAD_SIGNATURES_PER_ADDRESS, "bad_signature", request.remote_addr)
    if wait is not None:
        raise RefusedError(
            "rate_limited",
            "Too many requests with a bad signature from your address.",
            http_status=429,
            retry_after=wait,
        ) from None


def keep_rejection(
    services: Services, channel_name: str, request: InboundRequest, error: CallgateError, *, trace_id: str
) -> None:
    """Store why a delivery was refused; a throttled caller cannot fill the store, faults of ours are not rejections."""
    reason = getattr(error, "reason", error.code)
    log.warning("callback_rejected", channel=channel_name, error=error.code, reason=reason, trace_id=trace_id)
    if error.http_status == TOO_MANY_REQUESTS or not isinstance(error, RequestError):
        return
    rejection = NewRejection(
        channel=channel_name,
        status=error.http_status,
        error=error.code,
        reason=reason,
        method=request.method,
        path=request.path,
        remote_addr=request.remote_addr,
        received_at=request.received_at,
        headers=tuple(redact_headers(request.headers)),
        body=request.body,
        trace_id=trace_id,
    )
    try:
        with services.database.begin() as tx:
            insert_rejection(tx, rejection)
    except StoreUnavailable:
        log.warning("rejection_not_stored", channel=channel_name, trace_id=trace_id)
