"""More of what a platform may offer beside a login; the usual protocols are in app.core.ports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from app.core.errors import CallgateError
from app.core.ports import HttpClient
from app.core.values import TokenSet


@runtime_checkable
class RefusalReader(Protocol):
    """Knows what the errors mean that its login page sends back with the browser (`user_cancelled_authorize`, 96012)."""

    @property
    def return_names(self) -> tuple[str, ...]:
        """Return the names of other parameters of the return that are looked at."""

    def refused_return(self, error: str | None, given: Mapping[str, str]) -> CallgateError | None:
        """Return what a return that names this error means, None when it is not known; pure."""


@runtime_checkable
class TokenValidator(Protocol):
    """Must ask its provider now and then whether a token that is in use is still good (Twitch)."""

    @property
    def validate_every(self) -> int:
        """Return after how many seconds a token is asked about again."""

    def validate(self, tokens: TokenSet, http: HttpClient) -> None:
        """Ask once; raises TokenRejected when the token has ended, UpstreamError and its kin when nobody knows."""


@runtime_checkable
class DirectAppTokenLogin(Protocol):
    """Redeems such a code with the application's own token (DingTalk in its app); it is an AppTokenLogin too."""

    login_needs_app_token: bool

    def redeem_code_with(self, code: str, app_token: str, http: HttpClient) -> TokenSet:
        """Redeem a code once; raises TokenRejected when the app token is stale, UpstreamError and its kin."""
