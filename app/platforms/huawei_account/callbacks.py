"""Huawei Account tells what happened to a person's account: proof by the token in `Authorization`, meaning, answer.

Source: the page named in the package (read 2026-11-28): the token's `iss` is the issuer of Huawei's configuration, its `aud` the Client ID,
its key is found by `kid`. `unconfirmed`: which algorithm signs (three are taken, each with keys of its own kind), whether a token has an
end, which answer Huawei waits for and how long, whether and when it sends again. The answers are those of RFC 8935 §2.2 and §2.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.core.errors import PayloadError, RequestError, UpstreamError, VerificationError
from app.core.exact_json import write_json
from app.core.ports import HttpClient
from app.core.values import (
    Coverage,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Requirement,
    Verified,
    json_reply,
    quiet_acknowledgement,
)
from app.platforms.huawei_account.security_events import events_of, read_messages
from app.platforms.huawei_account.settings import HuaweiAccountSettings
from app.security.outbound import origin_of
from app.security.strict_json import parse_json
from app.wire.header_values import bearer_token
from app.wire.key_answers import check_status, fetch_key_set
from app.wire.key_sets import ProviderKey, keys_from, keys_of_set
from app.wire.signed_tokens import (
    check_claim,
    check_token_times,
    check_window,
    listed_key,
    proven_claims,
    signed_second,
    token_header,
)

ALGORITHMS: Final = ("RS256", "PS256", "ES256")
HOUR: Final = 3600
NAME: Final = "Huawei Account"
LONGEST_ISSUER: Final = 200
BODY_IS_FREE: Final = "The token proves who sends and not what: ask Huawei, or treat an event as a hint, before somebody loses an account by it."
ERRORS: Final[Mapping[str, str]] = {
    "wrong_issuer": "invalid_issuer",
    "wrong_audience": "invalid_audience",
    "unknown_key": "invalid_key",
    "bad_signature": "invalid_key",
}
"""RFC 8935 §2.4 by our reasons; every other refusal of a proof is `authentication_failed`."""


@dataclass(frozen=True, repr=False)
class HuaweiAccountCallbacks:
    """Takes messages, proven with configured keys; satisfies WebhookSource, BatchSource, RefusalWording and AdvisedSource."""

    settings: HuaweiAccountSettings

    answer_within: float | None = 5.0
    """How long Huawei waits is not published."""

    retries_failed_answers = True
    methods: tuple[str, ...] = ("POST",)
    signature_covers = Coverage.ORIGIN
    advice: str | None = BODY_IS_FREE

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender with the keys in `jwks`."""
        if not self.settings.jwks:
            raise VerificationError("unknown_key", "This channel has no jwks; the key has to be fetched.")
        return self._proven(request, now, keys_of_set(dict(self.settings.jwks)), self.settings.issuer)

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return nothing; Huawei's page names no set-up request."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened in the first message."""
        return self.parse_batch(request, verified)[0]

    def parse_batch(self, request: InboundRequest, verified: Verified) -> Sequence[ParsedEvent]:
        """Say what happened, an event for each entry of each message's `events`; the key is the message's `jti`."""
        if isinstance(verified.context, PayloadError):
            raise verified.context
        return [
            event
            for message in verified.context or read_messages(request.body)
            for event in events_of(message)
        ]

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer 202 without a body for what is stored."""
        return quiet_acknowledgement(outcome, status=202)

    def refuse(self, request: InboundRequest, error: RequestError) -> Reply | None:
        """Answer a refusal with `err` and `description`; the words say nothing that the uniform answer does not."""
        return json_reply(error.http_status, {"err": _word_of(error), "description": error.message})

    def _proven(
        self, request: InboundRequest, now: datetime, keys: Sequence[ProviderKey], issuer: str
    ) -> Verified:
        token, own = token_of(request), self.settings
        claims = proven_claims(token, keys, algorithm_of(token))
        self._check_times(claims, now.timestamp())
        check_claim(claims, "iss", (issuer,), reason="wrong_issuer", compare="whether Huawei sends it")
        check_claim(claims, "aud", (own.client_id,), reason="wrong_audience", compare="client_id")
        try:
            messages = read_messages(request.body)
        except PayloadError as error:
            return Verified("huawei-risc", context=error)
        named = {str(message.get("aud")) for message in messages}
        whose = [Requirement("aud", name, "client_id", (own.client_id,)) for name in sorted(named)]
        return Verified("huawei-risc", context=messages, requirements=tuple(whose))

    def _check_times(self, claims: Mapping[str, Any], now: float) -> None:
        """Refuse a token that has ended; one without an end is good for `oldest_s` after it was made."""
        own = self.settings
        check_token_times(claims, now, leeway=own.clock_skew_s, must_expire=False)
        if "exp" not in claims:
            check_window(signed_second(claims, "iat"), now, own.oldest_s)


class HuaweiAccountFinder(HuaweiAccountCallbacks):
    """Takes messages, proven with the keys that Huawei publishes; satisfies KeyFinder and OutboundUser as well."""

    key_seconds = HOUR

    @property
    def origins(self) -> frozenset[str]:
        """Return where Huawei's configuration is, and where its keys may be."""
        return frozenset({origin_of(self.settings.risc_base), *self.settings.key_origins})

    def claimed_key(self, request: InboundRequest) -> str | None:
        """Return the id of the key; raises VerificationError before any call for nothing."""
        token = token_of(request)
        return listed_key(token, algorithm_of(token))

    def fetch_keys(self, claim: str, http: HttpClient, now: datetime) -> Mapping[str, bytes]:
        """Fetch Huawei's configuration, then the keys it names, each kept with the issuer; raises UpstreamError and its kin."""
        answer = http.request("GET", self.settings.configuration_address)
        check_status(answer, NAME)
        said = answer.json_object()
        issuer, address = said.get("issuer"), said.get("jwks_uri")
        if (
            not isinstance(issuer, str)
            or not 0 < len(issuer) <= LONGEST_ISSUER
            or not self._may_call(address)
        ):
            raise UpstreamError(
                "bad_discovery",
                "Huawei's configuration names no issuer, or keys at an address that is not among key_origins.",
            )
        found = fetch_key_set(str(address), http, platform=NAME)
        return {name: write_json({"issuer": issuer, "keys": [key]}) for name, key in found.items()}

    def verify_with_key(self, request: InboundRequest, now: datetime, key: bytes) -> Verified:
        """Prove the sender with a key that was found."""
        kept = parse_json(key)
        return self._proven(request, now, keys_from(key), str(kept["issuer"]))

    def _may_call(self, address: object) -> bool:
        try:
            return isinstance(address, str) and origin_of(address) in self.origins
        except ValueError:
            return False


def algorithm_of(token: bytes) -> str:
    """Return which of the known algorithms a token says signed it; raises VerificationError."""
    named = token_header(token).get("alg")
    if named not in ALGORITHMS:
        raise VerificationError(
            "algorithm_not_allowed", f"The token's alg is none of {', '.join(ALGORITHMS)}."
        )
    return str(named)


def token_of(request: InboundRequest) -> bytes:
    """Return the token of `Authorization: Bearer …`; raises VerificationError."""
    return bearer_token(request, "Huawei sends its token there, and a proxy may have dropped it.")


def _word_of(error: RequestError) -> str:
    if isinstance(error, VerificationError):
        return ERRORS.get(error.reason, "authentication_failed")
    return "invalid_request"
