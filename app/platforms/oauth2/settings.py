"""The keys of an `oauth2` channel."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, Field, field_validator

from app.config.platform_settings import PlatformSettings, Secrets
from app.security.outbound import origin_of

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
PATH = re.compile(r"[\w-]+(?:\.[\w-]+)*", re.ASCII)


def _address(value: str) -> str:
    origin_of(value)
    if urlsplit(value).fragment:
        raise ValueError("must be an address without a fragment")
    return value


def _optional_address(value: str) -> str:
    return _address(value) if value else value


def _path(value: str) -> str:
    if value and not PATH.fullmatch(value):
        raise ValueError("must be a path such as id or data.user.id")
    return value


Address = Annotated[str, AfterValidator(_address)]
OptionalAddress = Annotated[str, AfterValidator(_optional_address)]
JsonPath = Annotated[str, AfterValidator(_path)]


class OAuth2Settings(PlatformSettings):
    """The keys of an `oauth2` channel."""

    client_id: str = Field(min_length=1, description="The application's id at the server.")
    client_secret: Secrets = Field(description="The application's secret; only ever sent to token_url.")
    authorize_url: Address = Field(description="The page people are sent to.")
    token_url: Address = Field(description="Where codes and refresh tokens are redeemed.")
    userinfo_url: Address = Field(description="Says who logged in.")
    revoke_url: OptionalAddress = Field("", description="Ends tokens (RFC 7009); empty: the server cannot.")
    topup_url: OptionalAddress = Field(
        "", description="Answers with the page to add money; empty: there is none."
    )
    scope: str = Field("", description="Scopes asked for, separated as the server wants them.")
    authorize_params: dict[str, str] = Field(
        default_factory=dict, description="Added to the address people are sent to."
    )
    subject: JsonPath = Field(
        "id", min_length=1, description="Path of the user id in the answer of userinfo_url."
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

    @field_validator("client_secret")
    @classmethod
    def _one_is_filled(cls, secret: Secrets) -> Secrets:
        if not secret:
            raise ValueError("must not be empty")
        return secret

    @field_validator("authorize_params")
    @classmethod
    def _nothing_reserved(cls, params: dict[str, str]) -> dict[str, str]:
        if taken := sorted(name for name in params if name.lower() in RESERVED):
            raise ValueError(f"{', '.join(taken)} cannot be set here; the gateway sets it for each login")
        return params

    @field_validator("authorize_url")
    @classmethod
    def _no_reserved_query(cls, address: str) -> str:
        if any(
            name.lower() in RESERVED for name, _ in parse_qsl(urlsplit(address).query, keep_blank_values=True)
        ):
            raise ValueError("must not carry client_id, state or other parameters the gateway sets")
        return address
