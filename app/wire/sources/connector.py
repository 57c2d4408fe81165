"""The connector of a described source: one class for callbacks, and one for each capability that a description may give.

Everything is compiled when the channel opens; a request then only runs closures. Satisfies app.core.ports.WebhookSource
and, where the description says so, SetUpSource, BatchSource, KeyFinder; always CredentialBearer and AdvisedSource.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from app.config.platform_settings import plain
from app.core.errors import PayloadError, RequestError, VerificationError
from app.core.exact_json import write_json
from app.core.ports import Handshake, HttpClient
from app.core.values import (
    JSON,
    Coverage,
    CredentialPlaces,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Requirement,
    Situation,
    Verified,
    default_acknowledgement,
    json_reply,
)  # fmt: skip
from app.wire.key_answers import fetch_key_set
from app.wire.key_sets import kept_form, keys_from, keys_of_set
from app.wire.signed_tokens import token_header
from app.wire.sources.answers import compile_answer, compile_handshake, short_challenge
from app.wire.sources.content import Reader, compile_unwrap, unwrap
from app.wire.sources.coverage import coverage_of, credential_places_of
from app.wire.sources.delivery import Delivery
from app.wire.sources.description import Signature
from app.wire.sources.jwt_proofs import compile_finder
from app.wire.sources.keys import key_bytes, load_public_key, public_key_of_seed
from app.wire.sources.places import compile_places, places_of
from app.wire.sources.proofs import Material, Prove, compile_proof
from app.wire.sources.settings import SEEDED, SourceSettings
from app.wire.sources.templates import compile_template

DONE = (Situation.ACCEPTED, Situation.SUCCESS, Situation.ALREADY_PROCESSED, Situation.STILL_RUNNING)
KEY_SECONDS = 3600
UNCONFIRMED = "What is known of this sender's callbacks rests on no published source; try it with real ones before you rely on it."


class DescribedSource:
    """Takes callbacks as a description says; satisfies app.core.ports.WebhookSource."""

    answer_within: float | None = None
    retries_failed_answers = True
    address_template = ""

    def __init__(
        self, signature: Signature, settings: SourceSettings, address: str, advice: str | None = None
    ):
        """Compile the description with the keys of one channel; raises ValueError for one that makes no sense."""
        self.signature = signature = _of_channel(_with_short_challenge(signature), settings)
        self.advice = advice
        self.methods: tuple[str, ...] = tuple(
            dict.fromkeys([*signature.methods, *(each.method for each in signature.handshakes)])
        )
        self._takes_paths = _needs_path(signature)
        self._texts = settings.texts()
        self._address = settings.signed_url or address
        self._material = material_of(signature, settings, self._texts)
        self._has_proof = settings.missing_signature_secret() is None and bool(
            self._material.secrets or self._material.public_keys or signature.kind in ("basic", "jwt")
        )
        self._is_open = settings.allow_unsigned and not self._has_proof
        self._each_is_signed = signature.each_is_signed
        self._scheme = "unsigned" if self._is_open else signature.kind
        self._prove = compile_proof(signature, self._material)
        self._steps = compile_unwrap(signature)
        self._wraps = bool(self._steps or signature.json_form_field)
        self._reader = Reader(signature, self._texts)
        self._requires = [
            (place, compile_places(place), name)
            for place, name in signature.requires.items()
            if self._texts.get(name) or name not in signature.optional_settings
        ]
        self._not_hex = compile_places(signature.not_hex) if signature.not_hex else None
        self._add_set_ups(signature)
        accepted, refused = signature.answers.accepted, signature.answers.refused
        self._accepted = None if accepted is None else compile_answer(accepted)
        self._refused = None if refused is None else compile_answer(refused)
        self._credential_places = credential_places_of(signature, self._texts)

    def _add_set_ups(self, signature: Signature) -> None:
        self._set_ups = [
            compile_handshake(signature, number, self._material.keys, self.delivery_of)
            for number in range(len(signature.handshakes))
        ]
        self._signed_set_ups = [
            each for each, said in zip(self._set_ups, signature.handshakes, strict=True)
            if said.signed and not said.only_without_secret
        ]  # fmt: skip

    @property
    def signature_covers(self) -> Coverage:
        """Say what an accepted request is proven for."""
        return Coverage.NONE if self._is_open else coverage_of(self.signature)

    def takes_address(self, _rest: str) -> bool:
        """Say whether requests may go on behind the channel in their address; what of it is signed, the proof judges."""
        return self._takes_paths

    def delivery_of(self, request: InboundRequest) -> Delivery:
        """Return a request as the compiled functions read it."""
        return Delivery(request, self._texts, self._address)

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender as the description says."""
        return self.verify_by(self._prove, request, now)

    def verify_by(self, prove: Prove, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender with this proof, unwrap the body, and note what must equal a setting."""
        delivery = Delivery(request, self._texts, self._address)
        if self._each_is_signed:
            self._prove_each(prove, delivery, now.timestamp())
        elif not self._is_open:
            if not self._has_proof:
                self._check_there_is_a_key()
            prove(delivery, now.timestamp())
        if self._not_hex is not None:
            self._check_not_hex(delivery)
        plaintext = None
        if self._wraps or request.body[:2] == b"\x1f\x8b":
            plaintext = unwrap(self.signature, self._steps, delivery)
        elif delivery.claims is not None and self.signature.is_body_token:
            plaintext = write_json(dict(delivery.claims))
        if not self._requires:
            return Verified(self._scheme, plaintext=plaintext, context=delivery)
        requirements = tuple(self._requirement(*each, delivery) for each in self._requires)
        return Verified(self._scheme, plaintext=plaintext, context=delivery, requirements=requirements)

    def _check_there_is_a_key(self) -> None:
        if not self._has_proof:
            raise VerificationError(
                "no_secret", "No secret is set on this channel yet, so nothing can be proven."
            )

    def _prove_each(self, prove: Prove, delivery: Delivery, now: float) -> None:
        try:
            elements = self._reader.elements(delivery)
        except PayloadError as error:
            raise VerificationError(
                "unreadable_body", "The body holds no list of events, and each is signed."
            ) from error
        if not elements:
            raise VerificationError("missing_signature", "The list of events is empty, so nothing is signed.")
        for element in () if self._is_open else elements:
            self._check_there_is_a_key()
            delivery.element = element
            prove(delivery, now)

    def _check_not_hex(self, delivery: Delivery) -> None:
        assert self._not_hex is not None
        value = (self._not_hex(delivery) or b"").strip()
        if value.isalnum() and all(byte in b"0123456789abcdefABCDEF" for byte in value):
            raise VerificationError(
                "bad_challenge", "What is signed looks like a set-up text that this channel may have signed."
            )

    def _requirement(self, place: str, get: Any, name: str, delivery: Delivery) -> Requirement:
        value = get(delivery)
        given = None if value is None else value.decode("utf-8", "replace")
        word = place.rpartition(":")[2].rpartition(".")[2].lower()
        return Requirement(word, given, name, (self._texts.get(name, ""),))

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return the answer to a signed set-up request."""
        for set_up in self._signed_set_ups:
            if set_up.method == request.method and (reply := set_up.reply(_delivery(verified))) is not None:
                return reply
        if request.method not in self.signature.methods:
            raise VerificationError(
                "no_set_up_request", "This method only brings set-up requests, and this is none."
            )
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Read which event it is; where a delivery holds several, the first."""
        if self._reader.split is None:
            return self._reader.one(verified.context)
        found = self._reader.several(_delivery(verified))
        if not found:
            raise PayloadError("no_events", message="The delivery holds no event.")
        return found[0]

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer in the platform's words, or in the unified ones where it only looks at the status."""
        if outcome.situation not in DONE:
            return default_acknowledgement(outcome)
        if self.signature.answers.from_handler and outcome.data is not None:
            return json_reply(200, outcome.data)
        if self._accepted is None:
            return default_acknowledgement(outcome)
        try:
            return self._accepted(_delivery(verified))
        except VerificationError:
            return default_acknowledgement(outcome)

    def credential_places(self, data: JSON | None) -> CredentialPlaces:
        """Return where a request carries the secret itself."""
        return self._credential_places


class SetUpSide(DescribedSource):
    """Has set-up requests that come before any proof; satisfies app.core.ports.SetUpSource."""

    @property
    def handshakes(self) -> tuple[Handshake, ...]:
        """The ones that are answered without proof."""
        return tuple(
            each for each, said in zip(self._set_ups, self.signature.handshakes, strict=True)
            if (not said.signed and not said.only_without_secret)
            or (said.only_without_secret and not self._has_proof and not self._is_open)
        )  # fmt: skip


class BatchSide(DescribedSource):
    """Sends several events at once; satisfies app.core.ports.BatchSource."""

    def parse_batch(self, request: InboundRequest, verified: Verified) -> Sequence[ParsedEvent]:
        """Read each event."""
        return self._reader.several(_delivery(verified))


class RefusingSide(DescribedSource):
    """Words refusals too; satisfies app.core.ports.RefusalWording."""

    def refuse(self, request: InboundRequest, error: RequestError) -> Reply | None:
        """Return the platform's words with the status of the refusal."""
        assert self._refused is not None
        try:
            return self._refused(self.delivery_of(request))._replace(status=error.http_status)
        except VerificationError:
            return None


class KeySide(DescribedSource):
    """Proves by tokens whose keys are at an address; satisfies app.core.ports.KeyFinder."""

    key_seconds = KEY_SECONDS

    @property
    def jwks_url(self) -> str:
        """The address of the key set: the channel's, else the description's."""
        own = self._texts.get("jwks_url") or self.signature.jwt.jwks_url
        template = compile_template(own, brackets=False)
        now = datetime.fromtimestamp(0).astimezone()
        return template(self.delivery_of(InboundRequest("GET", "/", "", (), b"", "", now))).decode(
            "utf-8", "replace"
        )

    @property
    def origins(self) -> frozenset[str]:
        """The only origin it calls."""
        return frozenset({"/".join(self.jwks_url.split("/")[:3])})

    @cached_property
    def _find_token(self) -> Callable[[Delivery], bytes]:
        return compile_finder(self.signature)

    def claimed_key(self, request: InboundRequest) -> str | None:
        """Return the key id the token names; raises VerificationError before any call for nothing."""
        token = self._find_token(self.delivery_of(request))
        header, algorithm = token_header(token), self.signature.jwt.algorithm
        if header.get("alg") != algorithm:
            raise VerificationError("algorithm_not_allowed", f"The token's alg is not {algorithm}.")
        kid = header.get("kid")
        if not isinstance(kid, str):
            raise VerificationError("malformed_signature", "The token names no key (kid).")
        return kid

    def fetch_keys(self, claim: str, http: HttpClient, now: datetime) -> Mapping[str, bytes]:
        """Fetch the platform's key set."""
        found = fetch_key_set(self.jwks_url, http, platform="The platform")
        return {name: kept_form([key]) for name, key in found.items()}

    def verify_with_key(self, request: InboundRequest, now: datetime, key: bytes) -> Verified:
        """Prove the sender with one found key."""
        material = Material(public_keys=keys_from(key), settings=self._texts)
        return self.verify_by(compile_proof(self.signature, material), request, now)


def open_source(
    signature: Signature, settings: SourceSettings, address: str, *, advice: str | None = None
) -> DescribedSource:
    """Open a channel of a described source; raises ValueError for a description that makes no sense."""
    sides: list[type[DescribedSource]] = []
    if any(not each.signed or each.only_without_secret for each in signature.handshakes):
        sides.append(SetUpSide)
    if signature.split is not None:
        sides.append(BatchSide)
    if signature.answers.refused is not None:
        sides.append(RefusingSide)
    if signature.kind == "jwt" and not signature.uses_secret and getattr(settings, "jwks", None) is None:
        sides.append(KeySide)
    made = type("OpenSource", (*sides, DescribedSource), {}) if sides else DescribedSource
    opened: DescribedSource = made(signature, settings, address, advice)
    return opened


def material_of(signature: Signature, settings: SourceSettings, texts: Mapping[str, str]) -> Material:
    """Make the keys ready."""
    secrets = plain(getattr(settings, signature.secret_setting, ()))
    public: tuple[Any, ...] = ()
    keys: tuple[bytes, ...] = ()
    if signature.key == SEEDED:
        keys = tuple(key_bytes(secret, SEEDED) for secret in secrets)
        public = tuple(public_key_of_seed(key) for key in keys)
    elif signature.uses_secret:
        keys = tuple(key_bytes(secret, signature.key) for secret in secrets)
    elif signature.kind == "jwt":
        said = getattr(settings, "jwks", None)
        public = () if said is None else keys_of_set(dict(said))
    if signature.uses_public_key:
        kind = signature.public_kind
        public = tuple(load_public_key(text, kind) for text in settings.public_key)  # type: ignore[attr-defined]
    return Material(secrets, keys, public, texts)


def _of_channel(signature: Signature, settings: SourceSettings) -> Signature:
    """Return the description with the window that the channel chose, where there is one at all."""
    tolerance = getattr(settings, "tolerance_s", None)
    return signature if tolerance is None else signature.model_copy(update={"tolerance_s": tolerance})


def _with_short_challenge(signature: Signature) -> Signature:
    if not signature.challenge:
        return signature
    handshakes = (*signature.handshakes, short_challenge(signature.challenge))
    return signature.model_copy(update={"handshakes": handshakes, "challenge": ""})


def _needs_path(signature: Signature) -> bool:
    texts = [signature.signed, *signature.jwt.claims.values(), signature.jwt.audience]
    places = [signature.id, signature.type, signature.signature_place]
    return any("{url" in text or "{path" in text or "(url)" in text for text in texts) or any(
        part in ("path", "slash_path")
        for place in places
        if place
        for parts in places_of(place)
        for part in parts
    )


def _delivery(verified: Verified) -> Delivery:
    delivery: Delivery = verified.context
    return delivery
