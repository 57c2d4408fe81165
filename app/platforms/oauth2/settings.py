"""The keys of an `oauth2` channel."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from app.config.platform_settings import PlatformSettings, Secrets
from app.config.setting_kinds import HOST
from app.security.outbound import origin_of
from app.wire.oidc import judge_address

RESERVED = frozenset(
    {
        "client_id",
        "redirect_uri",
        "response_type",
        "state",
        "scope",
        "code_challenge",
        "code_challenge_method",
    }
)
OPENID = "openid"
LONGEST_ISSUER = 180
"""So that it fits the store together with the platform's slug."""

PATH = re.compile(r"[\w-]+(?:\.[\w-]+)*", re.ASCII)


def _address(value: str) -> str:
    origin_of(value)
    if urlsplit(value).fragment:
        raise ValueError("must be an address without a fragment")
    return value


def _optional_address(value: str) -> str:
    return _address(value) if value else value


def _hosts(values: tuple[str, ...]) -> tuple[str, ...]:
    lowered = tuple(value.lower() for value in values)
    for value in lowered:
        if not HOST.fullmatch(value):
            raise ValueError(f"{value!r} is not a host or host:port such as id.corp.internal")
    return lowered


def _path(value: str) -> str:
    if value and not PATH.fullmatch(value):
        raise ValueError("must be a path such as id or data.user.id")
    return value


def without_reserved_query(address: str) -> str:
    """Return a login page's address; raises ValueError when it carries what the gateway sets for each login."""
    query = parse_qsl(urlsplit(address).query, keep_blank_values=True)
    if any(name.lower() in RESERVED for name, _ in query):
        raise ValueError("must not carry client_id, state or other parameters the gateway sets")
    return address


OptionalAddress = Annotated[str, AfterValidator(_optional_address)]
JsonPath = Annotated[str, AfterValidator(_path)]


class OAuth2Settings(PlatformSettings):
    """The keys of an `oauth2` channel."""

    client_id: str = Field(min_length=1, description="The application's id at the server.")
    client_secret: Secrets = Field(description="The application's secret; only ever sent to token_url.")
    allowed_hosts: Annotated[tuple[str, ...], AfterValidator(_hosts)] = Field(
        (),
        description="Hosts, or host:port, that issuer and what it names may lead to although they are private.",
    )
    issuer: str = Field(
        "",
        description="An OpenID Connect server, exactly as it calls itself: it names its addresses and keys; empty: they are written here.",
    )
    authorize_url: OptionalAddress = Field(
        "", description="The page people are sent to.", validate_default=True
    )
    token_url: OptionalAddress = Field(
        "", description="Where codes and refresh tokens are redeemed.", validate_default=True
    )
    userinfo_url: OptionalAddress = Field("", description="Says who logged in.", validate_default=True)
    revoke_url: OptionalAddress = Field("", description="Ends tokens (RFC 7009); empty: the server cannot.")
    topup_url: OptionalAddress = Field(
        "", description="Answers with the page to add money; empty: there is none."
    )
    scope: str = Field(
        "", description="Scopes asked for, separated as the server wants them; with issuer openid unless set."
    )
    authorize_params: dict[str, str] = Field(
        default_factory=dict, description="Added to the address people are sent to."
    )
    subject: JsonPath = Field(
        "id",
        min_length=1,
        description="Path of the user id in the answer of userinfo_url; with openid sub unless set.",
    )
    name: JsonPath = Field("", description="Path of the display name; empty: name, username or login.")
    pkce: bool = Field(True, description="Whether the server takes PKCE with S256.")
    client_auth: Literal["body", "basic"] = Field(
        "body", description="How the client proves itself at token_url."
    )

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the addresses of what a server need not have; the secret is needed for everything."""
        return frozenset({"revoke_url", "topup_url"})

    @property
    def scopes(self) -> str:
        """The scopes asked for."""
        return self.scope or (OPENID if self.issuer else "")

    @property
    def is_openid(self) -> bool:
        """Whether each login must come with an ID token."""
        return bool(self.issuer) and OPENID in self.scopes.split()

    @property
    def subject_path(self) -> str:
        """Where the user id lies; OpenID Connect has a place for it."""
        return "sub" if self.is_openid and "subject" not in self.model_fields_set else self.subject

    @field_validator("issuer")
    @classmethod
    def _is_fit_to_be_asked(cls, issuer: str, info: ValidationInfo) -> str:
        if not issuer:
            return issuer
        if len(issuer) > LONGEST_ISSUER or "?" in issuer:
            raise ValueError(f"must be an address without a query, of at most {LONGEST_ISSUER} characters")
        try:
            judge_address(issuer, issuer=issuer, private_hosts=info.data.get("allowed_hosts", ()))
        except ValueError as error:
            raise ValueError(
                f"cannot be used: {error}; allowed_hosts names hosts that may be private"
            ) from None
        return issuer

    @field_validator("authorize_url", "token_url", "userinfo_url")
    @classmethod
    def _written_or_discovered(cls, address: str, info: ValidationInfo) -> str:
        # An issuer that is refused has its own sentence.
        if not address and info.data.get("issuer", "refused") == "":
            raise ValueError("must be set where no issuer is")
        return address

    @field_validator("client_secret")
    @classmethod
    def _one_is_filled(cls, secret: Secrets) -> Secrets:
        if not secret:
            raise ValueError("must not be empty")
        return secret

    @field_validator("authorize_params")
    @classmethod
    def _nothing_reserved(cls, params: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        reserved = RESERVED | ({"nonce", "request", "request_uri"} if info.data.get("issuer") else set())
        if taken := sorted(name for name in params if name.lower() in reserved):
            raise ValueError(f"{', '.join(taken)} cannot be set here; the gateway sets it for each login")
        return params

    @field_validator("authorize_url")
    @classmethod
    def _no_reserved_query(cls, address: str) -> str:
        return without_reserved_query(address)
