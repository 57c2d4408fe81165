"""The sample channels of the unified callback, one for each scheme, for the suite that every platform goes through."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.core.values import InboundRequest
from sandbox.platforms.callback import signer
from tests.platforms.callback import signing
from tests.platforms.deliveries import SECONDS, delivery
from tests.platforms.samples import Sample
from tests.platforms.standard_webhooks.sample import BODY
from tests.platforms.standard_webhooks.signing import WEBHOOK_SECRET, webhook


def _sealed(body: bytes) -> InboundRequest:
    return signing.signed(signer.sealed_body(signing.SECRET, body, bytes(16)))


def _with_token(body: bytes) -> InboundRequest:
    return delivery(body, {"X-Token": signing.SECRET})


def _with_jwt(body: bytes) -> InboundRequest:
    return signing.bearer(signing.token({"exp": SECONDS + 60}), body)


_SCHEMES: Mapping[str, Callable[[bytes], InboundRequest]] = {
    "body": signing.signed,
    "timestamp-nonce": signing.stamped,
    "token": _with_token,
    "jwt": _with_jwt,
}

SAMPLES = (
    *(
        Sample(
            "callback",
            scheme,
            {"secret": signing.SECRET, "scheme": scheme},
            prove,
            signing.body_of(),
            covers_body=scheme in ("body", "timestamp-nonce"),
            has_window=scheme in ("timestamp-nonce", "jwt"),
        )
        for scheme, prove in _SCHEMES.items()
    ),
    Sample(
        "callback",
        "encrypted",
        {"secret": signing.SECRET, "encrypted": True},
        _sealed,
        signing.body_of(),
        has_window=False,
    ),
    Sample("callback", "v2", {"secret": WEBHOOK_SECRET}, webhook, BODY),
)
