"""One [[clients]] table of the channels file: a system that logs its people in through this gateway (docs/contract.md §7a)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,63}")
SCOPE = re.compile(r"[a-z][a-z0-9_.:-]{0,63}")
SHORTEST_SECRET = 16
MOST_ADDRESSES = 20
LONGEST_ADDRESS = 1000
LONGEST_SCOPES = 500
"""All scopes of a client, with a blank between them: what somebody allows is kept as one text."""

USUAL_SCOPES = ("openid", "profile", "offline_access")
LOCAL = ("localhost", "127.0.0.1", "::1")


def checked_client_id(value: str) -> str:
    """Return a client id; raises ValueError with what it may hold."""
    if not CLIENT_ID.fullmatch(value):
        raise ValueError(
            "may hold letters, digits and . _ ~ - (64 at most), and begins with a letter or digit"
        )
    return value


def checked_redirect(value: str) -> str:
    """Return an address that a browser may be sent back to, exactly as written; raises ValueError with what is wrong.

    Addresses of apps (`com.example.app:/callback`) are allowed; plain http is for this machine alone.
    """
    parts = urlsplit(value)
    if len(value) > LONGEST_ADDRESS or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError(f"must be plain ASCII of {LONGEST_ADDRESS} characters at most")
    if parts.fragment or "#" in value or "*" in value:
        raise ValueError("has no fragment and no *; it is compared exactly as it is written")
    if parts.username is not None or parts.password is not None:
        raise ValueError("holds no user name")
    if parts.scheme == "https" and parts.hostname:
        return value
    if parts.scheme == "http" and parts.hostname in LOCAL:
        return value
    if "." in parts.scheme and not parts.netloc:
        return value
    raise ValueError(
        "must be https://…, http://localhost… for this machine, or an app's own com.example.app:/…"
    )


def checked_scope(value: str) -> str:
    """Return the name of a scope; raises ValueError."""
    if not SCOPE.fullmatch(value):
        raise ValueError("a scope has small letters, digits and _ . : - (64 at most)")
    return value


def _backchannel(value: str) -> str:
    if value and (urlsplit(value).scheme not in ("https", "http") or not urlsplit(value).hostname):
        raise ValueError("must be https://… (http://… inside your own network)")
    return value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Addresses = Annotated[
    tuple[Annotated[str, AfterValidator(checked_redirect)], ...],
    BeforeValidator(_as_list),
    Field(max_length=MOST_ADDRESSES),
]
Secrets = Annotated[tuple[SecretStr, ...], BeforeValidator(_as_list), Field(max_length=8)]


class ClientConfig(BaseModel):
    """A client: what it is called, how it proves itself, where browsers go back to, what it may know."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    client_id: Annotated[str, AfterValidator(checked_client_id)]
    title: str = Field("", max_length=100)
    secret: Secrets = Field((), repr=False)
    public: bool = False
    redirect_uris: Annotated[Addresses, Field(min_length=1)]
    scopes: tuple[Annotated[str, AfterValidator(checked_scope)], ...] = USUAL_SCOPES
    first_party: bool = False
    pkce: Literal["required", "optional"] = "required"
    id_token_alg: Literal["RS256", "ES256"] = "RS256"  # noqa: S105 - an algorithm
    logins: tuple[str, ...] = ()
    post_logout_redirect_uris: Addresses = ()
    backchannel_logout_uri: Annotated[str, AfterValidator(_backchannel)] = ""

    @property
    def name(self) -> str:
        """What lists of tables call it."""
        return self.client_id

    @model_validator(mode="after")
    def _proves_itself(self) -> ClientConfig:
        if len(" ".join(self.scopes)) > LONGEST_SCOPES:
            raise ValueError(f"scopes: {LONGEST_SCOPES} characters at most, all of them together")
        if self.public and self.secret:
            raise ValueError("a public client has no secret; leave out one of the two")
        if not self.public and not self.secret:
            raise ValueError("needs a secret, or public = true for programs that cannot keep one")
        if any(len(each.get_secret_value()) < SHORTEST_SECRET for each in self.secret):
            raise ValueError(f"secret: has at least {SHORTEST_SECRET} characters")
        if self.public and self.pkce == "optional":
            raise ValueError("pkce: a public client always needs it")
        return self


def client_faults(clients: Iterable[ClientConfig], logins: Collection[str]) -> list[str]:
    """Name, a sentence each, the clients that offer a login which the file has not."""
    return [
        f"[[clients]] {client.client_id!r} names the login {name!r}, which is neither a channel nor a login group."
        for client in clients
        for name in client.logins
        if name not in logins
    ]
