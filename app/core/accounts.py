"""What a platform for third parties speaks of: the ticket it pushes, accounts of others that authorise us, and their tokens.

Values and ports for such platforms alone (WeChat's component, WeCom's suites, Jira Connect's tenants); those of everybody else are in ports.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable

from app.core.ports import AppTokenSource, HttpClient
from app.core.values import InboundRequest, ParsedEvent, Verified


class Ticket(NamedTuple):
    """A ticket that an event carries; `made_at` is the platform's own time, by which the newest counts."""

    value: str
    made_at: datetime


class Authorised(NamedTuple):
    """Somebody authorised us: a code to redeem once. `account` is None where only the answer to the code names it.

    `reply_to` is a person who waits for a message in the account's name (WeChat's release test).
    """

    code: str
    at: datetime
    account: str | None = None
    reply_to: str | None = None


class Withdrawn(NamedTuple):
    """An account authorises us no more."""

    account: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Handed:
    """An account's own secret came in an event; its later callbacks are proven with it. `at` is a time that was signed."""

    account: str
    secret: str = field(repr=False)
    at: datetime
    title: str | None = None


Notice = Ticket | Authorised | Withdrawn | Handed


@dataclass(frozen=True, slots=True)
class AccountTokens:
    """What a redeemed code or a refresh brought for one account.

    `lasting` renews the access token: a refresh token, or a permanent code. Without `access_token` the first one is
    fetched when it is needed. `original_id` is what messages call the account, where that is another name.
    """

    account: str
    lasting: str = field(repr=False)
    access_token: str | None = field(default=None, repr=False)
    expires_in: int = 0
    title: str | None = None
    original_id: str | None = None


@runtime_checkable
class NoticeSource(Protocol):
    """Gets events that say something about accounts; a built-in route takes them."""

    @property
    def ticket_owner(self) -> str:
        """Return the id of the application that tickets, authorisations and secrets are for; up to 64 characters."""

    def notice(self, parsed: ParsedEvent) -> Notice | None:
        """Return what an event says about tickets and accounts, None when nothing; pure.

        It is asked with masked values too, and then only whether it says something counts.
        """


@runtime_checkable
class HandedSecrets(NoticeSource, Protocol):
    """Is handed a secret of each account by an event, and proves that account's callbacks with it. It is a KeyFinder too.

    The pipeline keeps the secrets sealed, and reads one from the store where a KeyFinder elsewhere fetches a key.
    """

    def account_claimed(self, claim: str) -> str | None:
        """Return whose kept secret a claim means, None for a key that is fetched; pure."""


@runtime_checkable
class TicketSource(AppTokenSource, Protocol):
    """Gets its app token by the newest ticket; the pipeline keeps that one sealed, for all processes."""

    ticket_seconds: int
    """How long a ticket is good, in seconds."""

    @property
    def ticket_owner(self) -> str:
        """Return the id of the application that tickets and authorisations are for."""

    def with_ticket(self, ticket: str) -> AppTokenSource:
        """Return what fetches the app token by this ticket; without one, fetching raises UpstreamUnavailable."""


@runtime_checkable
class AccountSource(TicketSource, NoticeSource, Protocol):
    """Acts for accounts of others that have authorised it. Only `http` does I/O, and `app_token` is our own token.

    All calls raise TokenRejected (the app token is stale), GrantRejected (the code or the lasting token is dead),
    UpstreamUnavailable or UpstreamError.
    """

    refresh_account_token_before: int
    """Seconds before its end at which an account's access token is renewed."""

    def redeem(self, code: str, app_token: str, http: HttpClient) -> AccountTokens:
        """Redeem the code of an authorisation, once."""

    def renew(self, account: str, lasting: str, app_token: str, http: HttpClient) -> AccountTokens:
        """Fetch an account's next access token; where the lasting one changes, only the new one is good."""

    def reply(self, notice: Authorised, access_token: str, http: HttpClient) -> None:
        """Send the message that `notice.reply_to` waits for; raises TokenRejected for the account's token."""


@runtime_checkable
class AddressedAccounts(AccountSource, Protocol):
    """Gets messages of accounts at addresses that nothing signs, and that name the account by another id than the message.

    The pipeline compares the two as far as it knows the account: a signed message must not pass for one of another account.
    """

    def account_of(self, request: InboundRequest) -> str | None:
        """Return the account that an address names, which is unproven; pure."""

    def original_id_in(self, verified: Verified) -> str | None:
        """Return what a proven message itself calls its account; pure."""


@runtime_checkable
class AuthorisationPages(Protocol):
    """Has a page of the platform where the owner of an account authorises us; the way back carries a code."""

    def authorisation_page(self, return_to: str, app_token: str, http: HttpClient) -> str:
        """Return that page's address, good for some minutes; raises as AccountSource's calls."""
