"""One [[destinations]] table of the channels file: where matching events are forwarded, and how gently."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from app.config.certificates import Bundle, check_pair
from app.config.field_paths import checked_path
from app.config.names import Name
from app.config.rates import checked_rate
from app.config.retries import DEFAULT_ATTEMPTS, MOST_DELAYS, read_delays
from app.config.samples import is_sample

SECRET_START = "whsec_"  # noqa: S105 - how every such secret begins, not one of them
LEAST_SECRET_BYTES = 24
"""What the Standard Webhooks specification asks for (read 2026-11-20)."""


def _match(value: str) -> str:
    channel, colon, event_type = value.partition(":")
    if not (channel and colon and event_type):
        raise ValueError("must look like 'channel:event-type', for example 'feishu:contact.*' or '*:*'")
    return value


def _address(value: str) -> str:
    parts = urlsplit(value)
    plain = value.isascii() and value.isprintable() and " " not in value and "\\" not in value
    if not plain or parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError("must be an http(s) address without a user name, such as https://crm.internal/hooks")
    if parts.fragment or (parts.port is not None and not parts.port):
        raise ValueError("must not have a fragment or the port 0")
    return value


def _secret(value: SecretStr) -> SecretStr:
    if not secret_bytes(value):
        raise ValueError("must be a Standard Webhooks secret: whsec_ and Base64")
    return value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def secret_bytes(secret: SecretStr) -> bytes:
    """Return the key a Standard Webhooks secret stands for, empty when it is none."""
    text = secret.get_secret_value()
    if not text.startswith(SECRET_START) or not text.isascii():
        return b""
    try:
        return base64.b64decode(text.removeprefix(SECRET_START), validate=True)
    except binascii.Error:
        return b""


class DestinationConfig(BaseModel):
    """A place inside the operator's own network, so private addresses are allowed; redirects never are."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Name
    match: Annotated[
        tuple[Annotated[str, AfterValidator(_match)], ...], BeforeValidator(_as_list), Field(min_length=1)
    ]
    url: Annotated[str, AfterValidator(_address)]
    secret: Annotated[
        tuple[Annotated[SecretStr, AfterValidator(_secret)], ...],
        BeforeValidator(_as_list),
        Field(min_length=1, max_length=8),
    ]
    rate: Annotated[str, AfterValidator(checked_rate)] | None = None
    concurrency: int = Field(4, ge=1, le=1000)
    timeout: float = Field(10.0, ge=0.1, le=60.0)
    max_attempts: int = Field(DEFAULT_ATTEMPTS, ge=1, le=MOST_DELAYS + 1)
    retry_delays: Annotated[tuple[float, ...], BeforeValidator(read_delays)] = ()
    raw: bool = False
    order_by: Annotated[str, AfterValidator(checked_path)] | None = None
    pause_after: int = Field(50, ge=1, le=100_000)
    ca_bundle: Bundle = ""
    client_certificate: str = ""
    client_key: str = ""

    @model_validator(mode="after")
    def _certificate_and_key_fit(self) -> Self:
        check_pair(self.client_certificate, self.client_key)
        return self

    @model_validator(mode="before")
    @classmethod
    def _count_tries(cls, given: Any) -> Any:
        """Take one try more than there are waits, unless the number of tries is written too."""
        waits = given.get("retry_delays") if isinstance(given, dict) else None
        if not isinstance(waits, list) or "max_attempts" in given:
            return given
        return given | {"max_attempts": min(len(waits), MOST_DELAYS) + 1}

    def takes(self, channel: str, event_type: str) -> bool:
        """Say whether events of this channel and type are forwarded; globs see upper and lower case."""
        patterns = (pattern.partition(":") for pattern in self.match)
        return any(
            fnmatchcase(channel, wanted_channel) and fnmatchcase(event_type, wanted_type)
            for wanted_channel, _, wanted_type in patterns
        )


def weak_destination_secrets(destinations: Iterable[DestinationConfig]) -> list[str]:
    """Name, a sentence each, the destinations with a sample for a secret, or one shorter than the specification asks for."""
    destinations = tuple(destinations)
    return [
        f"[[destinations]] {destination.name!r}: a secret is a sample that the simulator or the documentation prints; "
        "make one with: echo whsec_$(openssl rand -base64 32)"
        for destination in destinations
        if any(is_sample(secret.get_secret_value()) for secret in destination.secret)
    ] + [
        f"[[destinations]] {destination.name!r}: a secret holds fewer than {LEAST_SECRET_BYTES} bytes; "
        "make one with: echo whsec_$(openssl rand -base64 32)"
        for destination in destinations
        if any(len(secret_bytes(secret)) < LEAST_SECRET_BYTES for secret in destination.secret)
    ]
