"""The words of a description: how a request is proven and which event it is. Read by pydantic; nothing is compiled here.

The names are those of the public tables of webhook schemes; `docs/sources.md` explains each, `docs/source.schema.json` is
made from this file.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Kind = Literal["hmac", "digest", "token", "basic", "ed25519", "ecdsa", "rsa", "jwt"]
KINDS: tuple[Kind, ...] = ("hmac", "digest", "token", "basic", "ed25519", "ecdsa", "rsa", "jwt")
DigestName = Literal["md5", "sha1", "sha256", "sha512"]
Encoding = Literal["hex", "base64", "base64url", "base64-hex"]
Method = Literal["GET", "POST", "HEAD", "OPTIONS", "PUT"]
JwtAlgorithm = Literal["HS256", "RS256", "ES256"]
Text = Annotated[str, Field(max_length=1000)]
Place = Annotated[str, Field(max_length=500)]
SettingName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Part(BaseModel):
    """What every table of a description has in common."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Answer(Part):
    """An answer: a status and a text or JSON, in which words in braces are filled in."""

    status: int = Field(200, ge=200, le=299, description="HTTP status.")
    text: Text | None = Field(None, description="Body as text.")
    json_body: dict[str, Any] | list[Any] | None = Field(None, alias="json", description="Body as JSON.")
    content_type: str = Field("", max_length=100, description="Instead of the usual one.")
    headers: dict[str, Text] = Field(default_factory=dict, description="Headers of the answer.")


class Handshake(Part):
    """A set-up request: how it is told from an event, and its answer."""

    method: Method = Field("POST", description="Its HTTP method.")
    when: dict[Place, Text] = Field(
        default_factory=dict,
        description="Places and the text each must have; * for any text that is not empty.",
    )
    signed: bool = Field(True, description="false: it comes before any proof.")
    only_without_secret: bool = Field(False, description="true: answered only while no secret is set.")
    echo: Literal["plain", "word", "letters", "hex", "base64", "origin"] = Field(
        "plain", description="Which characters a text may have that is sent back or signed."
    )
    signs: Text = Field(
        "", description="Template of what {signature} in the answer signs with the key of events."
    )
    signs_encoding: Encoding = Field("hex", description="How {signature} is written.")
    answer: Answer = Field(default_factory=Answer, description="What is sent back.")


class Answers(Part):
    """What the platform wants to hear; without a table it is the gateway's own wording."""

    accepted: Answer | None = Field(
        None, description="For an event that is stored, handled or known already."
    )
    refused: Answer | None = Field(None, description="Body and content type of a refusal; its status stays.")
    from_handler: bool = Field(
        False, description="true: what an inline handler returned is the answer's JSON."
    )


class Recipe(Part):
    """How a request is proven: the part of a description that may have variants."""

    digest: DigestName = Field("sha256", description="Digest of the signature.")
    encoding: Encoding = Field("hex", description="How the signature is written.")
    signed: Text = Field("{body}", description="Template of what is signed.")
    item_format: Annotated[tuple[Text, ...], BeforeValidator(_listed)] = Field(
        ("{sig}",), min_length=1, max_length=4, description="How one signature looks, such as v1={sig}."
    )
    checks: dict[Place, Text] = Field(
        default_factory=dict, description="Places and the template that each must equal."
    )


class Variant(Part):
    """Another recipe, taken where a request or a setting says so; what it does not name stays."""

    when: dict[Place, Text] = Field(min_length=1, description="As in a handshake.")
    kind: Literal["hmac", "digest", "rsa"] | None = Field(None, description="Another kind.")
    digest: DigestName | None = None
    encoding: Encoding | None = None
    signed: Text | None = None
    timestamp: Place | None = None
    checks: dict[Place, Text] | None = None


class Jwt(Part):
    """What a JSON Web Token must say."""

    algorithm: JwtAlgorithm = Field("HS256", description="The only algorithm.")
    issuer: Annotated[tuple[Text, ...], BeforeValidator(_listed)] = Field(
        (), description="What iss may be; templates."
    )
    audience: Text = Field("", description="What aud must name; a template.")
    claims: dict[str, Text] = Field(
        default_factory=dict, description="Claims and the template each must equal."
    )
    optional_without_body: tuple[str, ...] = Field(
        (), description="Claims that may lack where there is no body."
    )
    leeway_s: int = Field(60, ge=0, le=3600, description="Seconds by which clocks may differ.")
    expires: bool = Field(False, description="true: exp must be there.")
    jwks_url: Text = Field("", description="Address of the key set; a template of settings.")
    is_body: bool = Field(False, description="true: the body is the token, and its claims are the event.")


class Signature(Recipe):
    """One description; also the table [channels.X.signature]."""

    kind: Kind = Field("hmac", description="How a request is proven.")
    signature_header: str = Field("", max_length=300, description="Header of the signature; others after |.")
    signature_place: Place = Field("", description="Where the signature stands when it is no header.")
    signature_prefix: str = Field(
        "", max_length=80, description="What stands in front of the list of signatures, and is needed."
    )
    separator: str = Field("", max_length=1, description="The signature is a list by this character.")
    percent_decode: bool = Field(False, description="true: a value with % is decoded once.")
    key: str = Field(
        "text", max_length=40,
        description="How the secret becomes the key: text, base64, base64:<prefix>, hex, sha1, md5hex.",
    )  # fmt: skip
    secret_setting: SettingName = Field(
        "secret", description="Channel key of the secret, where it has another name."
    )
    timestamp: Place = Field("", description="Where the signed time stands.")
    timestamp_unit: Literal["s", "ms", "iso", "http-date", "beijing"] = Field(
        "s", description="How it is written."
    )
    tolerance_s: int | None = Field(
        None, ge=1, le=86_400, description="Seconds it may differ; none: it is not judged."
    )
    timestamp_is: Literal["sent", "expiry"] = Field(
        "sent", description="expiry: it is over after that moment."
    )
    expires_after: Place = Field("", description="Where the seconds stand for which the request is good.")
    id: Place = Field("body_sha256", description="Where the event's key stands.")
    type: Place = Field("", description="Where the event's type stands.")
    occurred: Place = Field("", description="Where the time of the event stands.")
    challenge: Text = Field("", description="`json:challenge when json:type=…`, short for one handshake.")
    json_form_field: str = Field(
        "", max_length=80, description="Form field that holds JSON, where a form comes."
    )
    unwrap: tuple[Text, ...] = Field((), max_length=6, description="Steps to what is inside the body.")
    split: str | None = Field(
        None, max_length=200, description="Path of the list of events; empty: the body."
    )
    only_lists: bool = Field(False, description="true: one event that stands in no list is refused.")
    each_is_signed: bool = Field(False, description="true: every event of the list carries its own proof.")
    requires: dict[Place, SettingName] = Field(
        default_factory=dict, description="Places and the setting each must equal."
    )
    not_hex: Place = Field("", description="A place that must not hold what a handshake would sign.")
    methods: tuple[Method, ...] = Field(("POST",), min_length=1, description="HTTP methods of events.")
    variants: tuple[Variant, ...] = Field((), max_length=6, description="Other recipes.")
    handshakes: tuple[Handshake, ...] = Field((), max_length=6, description="Set-up requests.")
    answers: Answers = Field(default_factory=Answers, description="What the platform wants to hear.")
    jwt: Jwt = Field(default_factory=Jwt, description="For kind jwt.")
    settings: dict[SettingName, Text] = Field(
        default_factory=dict, description="More keys of a channel, each with a sentence."
    )
    optional_settings: dict[SettingName, Text] = Field(
        default_factory=dict, description="Keys that a channel may leave out."
    )
    other_names: dict[SettingName, SettingName] = Field(
        default_factory=dict, description="Other names that a channel may write, and the key each stands for."
    )
    covers: Literal["", "body", "origin"] = Field(
        "", description="What a proof covers, where it cannot be seen."
    )

    @model_validator(mode="after")
    def _places_fit(self) -> Self:
        if (
            self.kind not in ("basic",)
            and not self.is_body_token
            and not (self.signature_header or self.signature_place)
        ):
            raise ValueError("signature_header or signature_place must say where the signature stands")
        if any(form.count("{sig}") != 1 for form in self.item_format):
            raise ValueError("item_format must hold {sig} once")
        if self.each_is_signed and self.split is None:
            raise ValueError("each_is_signed needs split")
        if self.timestamp_is == "expiry" and not self.timestamp:
            raise ValueError("timestamp_is needs timestamp")
        if self.kind == "digest" and "{secret}" not in self.signed and "secret" not in self.signed:
            raise ValueError("signed must hold {secret}: a digest without one proves nothing")
        return self

    @property
    def is_body_token(self) -> bool:
        """Whether the body is a JSON Web Token."""
        return self.kind == "jwt" and self.jwt.is_body

    @property
    def uses_secret(self) -> bool:
        """Whether a shared secret proves."""
        if self.kind == "jwt":
            return self.jwt.algorithm == "HS256"
        return bool({"hmac", "digest", "token"} & self.kinds)

    @property
    def uses_public_key(self) -> bool:
        """Whether a configured public key proves, always or in a variant."""
        return bool({"ed25519", "ecdsa", "rsa"} & self.kinds) and self.key != "repeat32"

    @property
    def public_kind(self) -> str:
        """The kind of its public keys."""
        return next(kind for kind in ("rsa", "ecdsa", "ed25519") if kind in self.kinds)

    @property
    def kinds(self) -> frozenset[str]:
        """Every kind of proof it names."""
        return frozenset({self.kind, *(variant.kind for variant in self.variants if variant.kind)})

    @property
    def all_settings(self) -> dict[str, str]:
        """The channel keys it names, with a sentence each."""
        return self.settings | self.optional_settings
