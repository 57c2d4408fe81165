"""What one opened channel knows for as long as it lives, and how it calls Acme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.config.platform_settings import plain, plain_text
from app.core.errors import GrantRejected, TokenRejected, UpstreamError, UpstreamUnavailable
from app.core.ports import HttpAnswer, HttpClient
from app.platforms.acme.settings import AcmeSettings


@dataclass(frozen=True, repr=False)
class AcmeAccount:
    """One account; each capability of the platform is a class derived from this one."""

    settings: AcmeSettings
    keys: tuple[bytes, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", plain(self.settings.secret))

    def call_as_client(self, path: str, form: Mapping[str, str], http: HttpClient) -> Mapping[str, Any]:
        """Call an endpoint with the application's credentials; raises UpstreamError and its kin."""
        client = {
            "client_id": self.settings.client_id,
            "client_secret": plain_text(self.settings.client_secret),
        }
        return content_of(http.request("POST", self.settings.api_base + path, form={**form, **client}))


def content_of(answer: HttpAnswer) -> Mapping[str, Any]:
    """Return a good answer's JSON object; raises what the status says otherwise."""
    if answer.status == 429 or answer.status >= 500:  # noqa: PLR2004
        raise UpstreamUnavailable("Acme cannot answer at the moment; the call may be repeated later.")
    body = answer.json_object()
    word = str(body.get("error", ""))
    if word == "bad_token":
        raise TokenRejected(platform_code=word)
    if word == "bad_grant":
        raise GrantRejected(platform_code=word)
    if word or answer.status >= 400:  # noqa: PLR2004
        raise UpstreamError("upstream_refused", "Acme refused the call; see the error.", platform_code=word)
    return body


def text(body: Mapping[str, Any], name: str) -> str:
    """Return a member that must be text."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise UpstreamError("upstream_bad_answer", "Acme's answer lacks a member; check api_base.")
    return value


def seconds(body: Mapping[str, Any], name: str) -> int:
    """Return a member that must be a number of seconds."""
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 31_536_000:  # noqa: PLR2004
        raise UpstreamError("upstream_bad_answer", "Acme's answer names no lifetime; check api_base.")
    return value
