"""Login at hosts of repositories: the calls with a client's secret in the form, and what is shown of a person. Pure but for the client's calls.

Their people have a numeric id, a login name that may change hands, and a page of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from pydantic import SecretStr

from app.config.platform_settings import plain_text
from app.core.errors import UpstreamError
from app.core.ports import HttpAnswer
from app.core.values import Identity
from app.wire.oauth2 import (
    MAX_TEXT,
    error_of,
    looks_like_json,
    raise_when_busy,
    token_body,
    web_address,
)

BAD_REQUEST: Final = 400
PAGES: Final = ("html_url", "web_url")
"""Fields with the address of a person's page."""

Refusal = Callable[[str, int], UpstreamError]
"""Makes the error for an error word and a status."""


class Client(Protocol):
    """The settings of an application."""

    @property
    def client_id(self) -> str:
        """Its public name."""

    @property
    def client_secret(self) -> SecretStr:
        """What proves it."""


def client_fields(settings: Client) -> dict[str, str]:
    """Return what proves the application in a form."""
    return {"client_id": settings.client_id, "client_secret": plain_text(settings.client_secret)}


def missing_client(settings: Client) -> str | None:
    """Name what a login lacks of its application."""
    if not settings.client_id:
        return "client_id"
    return None if plain_text(settings.client_secret) else "client_secret"


def refuse_unreadable(answer: HttpAnswer, refusal: Refusal) -> None:
    """Raise for a busy server, and for a refusal that is a page instead of JSON."""
    raise_when_busy(answer)
    if answer.status >= BAD_REQUEST and not looks_like_json(answer):
        raise refusal(str(answer.status), answer.status)


def without_error(body: Mapping[str, Any], status: int, refusal: Refusal) -> Mapping[str, Any]:
    """Return an answer that is no error; raises what `refusal` makes of it."""
    word = error_of(body)
    if word is None and status < BAD_REQUEST:
        return body
    raise refusal(word or str(status), status)


def tokens_in(answer: HttpAnswer, refusal: Refusal) -> Mapping[str, Any]:
    """Return the members of a token answer; raises what `refusal` makes of a refused one."""
    raise_when_busy(answer)
    return without_error(token_body(answer), answer.status, refusal)


def shown_person(
    issuer: str, subject: str, *, name: str | None, picture: object, profile: Mapping[str, object]
) -> Identity:
    """Return an identity with what may be shown of it: bounded texts, and addresses that may be opened."""
    kept = {each: value[:MAX_TEXT] for each, value in profile.items() if isinstance(value, str) and value}
    for each in PAGES:
        if web_address(kept.get(each)) is None:
            kept.pop(each, None)  # It ends up in a page.
    return Identity(
        issuer=issuer,
        subject_kind="id",
        subject=subject,
        name=name[:MAX_TEXT] if name else None,
        avatar_url=web_address(picture),
        profile=kept,
    )
