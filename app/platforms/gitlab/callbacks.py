"""GitLab's webhooks: proof, meaning, answer.

Sources (read 2026-11-28): docs.gitlab.com, "Webhooks", "Webhook events", "System hooks"; gitlab-org/gitlab,
app/services/web_hook_service.rb (headers, what counts as a failure) and merge request 230944 (signing token).
What is odd: the older proof is the secret itself, and says nothing about the body; the newer one is Standard Webhooks. The headers
that name the event are proven by neither. There is no ping: a test sends an event like any other. Several failures in a row make GitLab
disable the webhook, and nothing that failed is sent again by itself.
"""

from __future__ import annotations

import string
from datetime import datetime
from typing import Any, Final

from app.core.errors import PayloadError, VerificationError
from app.core.values import (
    Coverage,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Situation,
    Verified,
    default_acknowledgement,
)
from app.platforms.gitlab.account import GitLabAccount
from app.security.signatures import how_many, matching, sha256_hex, wire_bytes
from app.security.strict_json import parse_json_object
from app.wire.standard_webhooks import verify_standard_webhook

TOKEN_HEADER: Final = "X-Gitlab-Token"  # noqa: S105 - a header's name
EVENT_HEADER: Final = "X-Gitlab-Event"
DELIVERY_HEADER: Final = "Idempotency-Key"
SIGNED_ID_HEADER: Final = "webhook-id"
SIGNATURE_HEADER: Final = "webhook-signature"
LONGEST_WORD: Final = 100
LONGEST_KEY: Final = 200
NAME_CHARACTERS: Final = frozenset(string.ascii_letters + string.digits + " _-")
VISIBLE: Final = frozenset(string.ascii_letters + string.digits + string.punctuation)

NAMED_WITHIN: Final = frozenset({"System Hook", "Member Hook", "Project Hook", "Subgroup Hook"})
"""Headers that stand for many events; the body's `event_name` (or `object_kind`) says which of them it is."""


class GitLabCallbacks(GitLabAccount):
    """Takes webhooks; satisfies app.core.ports.WebhookSource and AdvisedSource."""

    answer_within: float | None = 8.0
    """GitLab waits 10 seconds, unless its administrator chose otherwise."""

    retries_failed_answers = False
    """What failed is only sent again by hand, and counts towards disabling the webhook."""

    methods: tuple[str, ...] = ("POST",)

    @property
    def signature_covers(self) -> Coverage:
        """Say what an accepted request is proven for: a secret token says who sends, and nothing about the body."""
        if self.is_open:
            return Coverage.NONE
        return Coverage.BODY if self.keys else Coverage.ORIGIN

    @property
    def advice(self) -> str | None:
        """Say what a secret token cannot prove, where one is used."""
        if not self.tokens:
            return None
        return (
            "A secret token does not prove the body. GitLab 19.0 and newer can sign it: Settings → Webhooks → Signing token; "
            "put the whsec_… into secret."
        )

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Check the signature where the secret is a signing token, else the token; one never stands in for the other."""
        if self.is_open:
            return _understood("unsigned", request)
        if self.keys:
            return self._verify_signature(request, now)
        return self._verify_token(request)

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return nothing; there is no set-up request."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened: the event header, with the body's action when there is one; the key is the delivery's id."""
        data = _content(verified.context)
        header = SIGNED_ID_HEADER if self.keys else DELIVERY_HEADER
        return ParsedEvent(
            type=_event_type(request, data), key=_key(request, header), data=data, subject=_person(data)
        )

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer kindly: GitLab sends nothing again, and the gateway goes on with what it has stored."""
        if outcome.situation in (Situation.HANDLER_FAILED, Situation.COME_AGAIN):
            outcome = outcome._replace(situation=Situation.ACCEPTED, data=None)
        return default_acknowledgement(outcome)

    def _verify_signature(self, request: InboundRequest, now: datetime) -> Verified:
        signatures = request.header(SIGNATURE_HEADER)
        if not signatures and request.header(TOKEN_HEADER):
            raise VerificationError("missing_signature", _only_a_token_came)
        verify_standard_webhook(
            identifier=request.header(SIGNED_ID_HEADER),
            timestamp=request.header("webhook-timestamp"),
            signatures=signatures,
            body=request.body,
            keys=self.keys,
            now=now.timestamp(),
        )
        return _understood("gitlab-signature", request)

    def _verify_token(self, request: InboundRequest) -> Verified:
        token = request.header(TOKEN_HEADER)
        if not token:
            raise VerificationError(
                "missing_token",
                f"{TOKEN_HEADER} is missing: set the same secret token at GitLab (Settings → Webhooks) and here.",
            )
        if matching(wire_bytes(token), self.tokens) is None:
            raise VerificationError(
                "bad_token",
                f"Tried: {how_many(self.tokens, 'secret')}. Compare it with Settings → Webhooks → Secret token at GitLab.",
            )
        return _understood("gitlab-token", request)


def _only_a_token_came() -> str:
    return (
        f"Only {TOKEN_HEADER} came. secret holds a signing token, so the webhook must sign: Settings → Webhooks → Signing token "
        "at GitLab."
    )


def _understood(scheme: str, request: InboundRequest) -> Verified:
    """Read the body; one that is no JSON object comes from a custom template and is kept with what the headers say."""
    try:
        data = parse_json_object(request.body)
    except ValueError:
        # Refusing it would only make GitLab disable the webhook: nobody would send it again.
        data = {}
    return Verified(scheme, context=data)


def _content(context: Any) -> dict[str, Any]:
    if not isinstance(context, dict):
        raise PayloadError("not_verified_here")
    return context


def _event_type(request: InboundRequest, data: dict[str, Any]) -> str:
    name = request.header(EVENT_HEADER) or ""
    if not 0 < len(name) <= LONGEST_WORD or not NAME_CHARACTERS.issuperset(name) or not name[0].isalpha():
        raise PayloadError(
            "bad_event_name", message=f"{EVENT_HEADER} must name an event, such as Merge Request Hook."
        )
    within = _action(data) or (_name_within(data) if name in NAMED_WITHIN else None)
    return f"{name}.{within}" if within else name


def _action(data: dict[str, Any]) -> str | None:
    """Return what was done; it stands in `object_attributes`, of a release beside it."""
    attributes = data.get("object_attributes")
    of_object = attributes.get("action") if isinstance(attributes, dict) else None
    return _word(of_object) or _word(data.get("action"))


def _name_within(data: dict[str, Any]) -> str | None:
    return _word(data.get("event_name")) or _word(data.get("object_kind"))


def _word(value: object) -> str | None:
    is_word = isinstance(value, str) and 0 < len(value) <= LONGEST_WORD and value.isprintable()
    return str(value) if is_word else None


def _person(data: dict[str, Any]) -> str | None:
    """Return the numeric id of who did it: events about pushes and members have it beside the rest."""
    user = data.get("user")
    for number in (user.get("id") if isinstance(user, dict) else None, data.get("user_id")):
        if type(number) is int:
            return str(number)
    return None


def _key(request: InboundRequest, header: str) -> str:
    """Return the delivery's id, which stays when it is sent again; older servers send none, and the body stands for it."""
    delivery = request.header(header) or ""
    if 0 < len(delivery) <= LONGEST_KEY and VISIBLE.issuperset(delivery):
        return delivery
    return f"sha256:{sha256_hex(request.body)}"
