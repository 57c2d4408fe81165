"""A made-up platform that accounts authorise, for tests of the pipeline alone: it says what a test tells it to say."""

from __future__ import annotations

from app.core.accounts import AccountTokens, Authorised, Notice
from app.core.errors import GrantRejected
from app.core.ports import AppTokenSource, HttpClient
from app.core.values import AppToken, ParsedEvent

CHANNEL = "house"


class House:
    """Gives `tokens` for every code and raises `fail` for every renewal, where a test set it."""

    refresh_app_token_before = 60
    refresh_account_token_before = 60
    ticket_seconds = 600
    ticket_owner = "house-1"

    def __init__(self) -> None:
        self.tokens = AccountTokens("wx1", "lasting-1", "access-1", 7200)
        self.fail: Exception | None = None

    def with_ticket(self, ticket: str) -> AppTokenSource:
        return self

    def fetch_app_token(self, http: HttpClient, *, rejected: str | None) -> AppToken:
        return AppToken("own-token", 7200)

    def notice(self, parsed: ParsedEvent) -> Notice | None:
        return None

    def redeem(self, code: str, app_token: str, http: HttpClient) -> AccountTokens:
        if code == "dead":
            raise GrantRejected("The code is dead.")
        return self.tokens

    def renew(self, account: str, lasting: str, app_token: str, http: HttpClient) -> AccountTokens:
        if self.fail is not None:
            raise self.fail
        return self.tokens

    def authorisation_page(self, return_to: str, app_token: str, http: HttpClient) -> str:
        return f"https://house.example/authorise?own={app_token}&back={return_to}"

    def reply(self, notice: Authorised, access_token: str, http: HttpClient) -> None:
        return None
