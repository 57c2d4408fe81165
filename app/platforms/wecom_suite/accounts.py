"""Tickets, the suite's own token, and the tokens of the companies that authorise it.

Source: WeCom pages 获取第三方应用凭证 (90600), 获取预授权码 (90601), 获取企业永久授权码 (90603), 获取企业access_token (90605) and
从服务商网站发起 (90597); for customised applications 代开发授权应用secret的获取 (97163), 代开发授权应用access_token的获取 (97164) and
重置永久授权码通知 (94758, all read 2026-11-28). What is odd: who authorised is only known from the answer to the code; the code that
lasts never changes while the authorisation does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from app.core.accounts import AccountTokens, Authorised, Notice, Ticket, Withdrawn
from app.core.errors import UpstreamError, UpstreamUnavailable
from app.core.ports import AppTokenSource, HttpClient
from app.core.values import AppToken, ParsedEvent
from app.platforms.wecom_suite.error_codes import SUITE, TEMPLATE
from app.platforms.wecom_suite.suite import WecomSuite
from app.wire.wechat_family.answers import code_use, lifetime, needed_text, optional_text, token_grant
from app.wire.wechat_family.messages import word

LONGEST_CREDENTIAL = 1024
REFRESH_BEFORE = 60
"""Seconds; asking much earlier gives the same token again."""


class TicketedToken:
    """Fetches the suite's token by one ticket; satisfies app.core.ports.AppTokenSource."""

    def __init__(self, suite: WecomSuite, ticket: str):
        self.refresh_app_token_before = REFRESH_BEFORE
        self._suite = suite
        self._ticket = ticket

    def fetch_app_token(self, http: HttpClient, *, rejected: str | None) -> AppToken:
        """Fetch the token; the `rejected` one may come back."""
        answer = http.request(
            "POST",
            self._suite.api("get_suite_token"),
            json={
                "suite_id": self._suite.settings.suite_id,
                "suite_secret": self._suite.secret,
                "suite_ticket": self._ticket,
            },
        )
        content = token_grant(answer, SUITE)
        value = needed_text(content, "suite_access_token", SUITE.platform)
        return AppToken(value, lifetime(content.get("expires_in")))


class SuiteAccounts(WecomSuite):
    """Acts for the companies that authorise it; satisfies AccountSource."""

    refresh_app_token_before: int = REFRESH_BEFORE
    refresh_account_token_before: int = REFRESH_BEFORE
    ticket_seconds: int = 1800
    """The page says so, and that a new one comes every ten minutes."""

    @property
    def ticket_owner(self) -> str:
        """Return the suite's id, which tickets and authorisations are for."""
        return self.settings.suite_id

    def with_ticket(self, ticket: str) -> AppTokenSource:
        """Return what fetches the token by this ticket."""
        return TicketedToken(self, ticket)

    def fetch_app_token(self, http: HttpClient, *, rejected: str | None) -> AppToken:
        """Raise: without a ticket there is no token."""
        raise UpstreamUnavailable(
            "No ticket (suite_ticket) has come in the last half hour. WeCom sends one every ten minutes to the address of "
            "commands (指令回调URL); compare it in the provider's console with this channel's callback address."
        )

    def notice(self, parsed: ParsedEvent) -> Notice | None:
        """Return what an event says about tickets and authorisations."""
        fields, at = parsed.data, parsed.occurred_at
        if at is None or "InfoType" not in fields:
            return None
        company = word(fields, "AuthCorpId")
        ticket, code = _credential(fields, "SuiteTicket"), _credential(fields, "AuthCode")
        match parsed.type:
            case "suite_ticket" if ticket:
                return Ticket(ticket, at)
            case "create_auth" | "reset_permanent_code" if code:
                return Authorised(code, at, company)
            case "cancel_auth" if company:
                return Withdrawn(company, at)
        return None

    def redeem(self, code: str, app_token: str, http: HttpClient) -> AccountTokens:
        """Redeem an authorisation code once; a customised application gets no access token with it."""
        content = self._call("get_permanent_code", app_token, http, auth_code=code)
        given = content.get("auth_corp_info")
        company = given if isinstance(given, Mapping) else {}
        return AccountTokens(
            account=needed_text(company, "corpid", SUITE.platform),
            lasting=needed_text(content, "permanent_code", SUITE.platform),
            access_token=optional_text(content, "access_token"),
            expires_in=lifetime(content.get("expires_in")),
            title=optional_text(company, "corp_name"),
        )

    def renew(self, account: str, lasting: str, app_token: str, http: HttpClient) -> AccountTokens:
        """Fetch a company's next access token; the permanent code stays."""
        content = self._call("get_corp_token", app_token, http, auth_corpid=account, permanent_code=lasting)
        return AccountTokens(
            account=account,
            lasting=lasting,
            access_token=needed_text(content, "access_token", SUITE.platform),
            expires_in=lifetime(content.get("expires_in")),
        )

    def reply(self, notice: Authorised, access_token: str, http: HttpClient) -> None:
        """Raise: WeCom has no test that waits for a message."""
        raise UpstreamError("nothing_to_reply", "WeCom asks for no message after an authorisation.")

    def _call(self, call: str, app_token: str, http: HttpClient, **body: str) -> Mapping[str, Any]:
        answer = http.request("POST", self.api(call), params={"suite_access_token": app_token}, json=body)
        return code_use(answer, SUITE)


class SuitePages(SuiteAccounts):
    """Leads administrators to the page where they authorise; satisfies AuthorisationPages."""

    def authorisation_page(self, return_to: str, app_token: str, http: HttpClient) -> str:
        """Return the page where a company's administrator authorises, with a code that is good for twenty minutes."""
        answer = http.request("GET", self.api("get_pre_auth_code"), params={"suite_access_token": app_token})
        code = needed_text(code_use(answer, SUITE), "pre_auth_code", SUITE.platform)
        query = {
            "suite_id": self.settings.suite_id,
            "pre_auth_code": code,
            "redirect_uri": return_to,
            "state": "callgate",
        }
        return f"{self.settings.install_base}/3rdapp/install?{urlencode(query)}"


class TemplateAccounts(SuiteAccounts):
    """Acts for the companies of a template of customised applications, whose administrators scan its code at the provider."""

    def renew(self, account: str, lasting: str, app_token: str, http: HttpClient) -> AccountTokens:
        """Fetch a company's next access token as its own application does: the permanent code is the Secret."""
        answer = http.request(
            "GET",
            f"{self.settings.api_base}/cgi-bin/gettoken",
            params={"corpid": account, "corpsecret": lasting},
        )
        content = code_use(answer, TEMPLATE)
        return AccountTokens(
            account=account,
            lasting=lasting,
            access_token=needed_text(content, "access_token", TEMPLATE.platform),
            expires_in=lifetime(content.get("expires_in")),
        )


def _credential(fields: Mapping[str, Any], name: str) -> str | None:
    found = fields.get(name)
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_CREDENTIAL:
        return None
    return found if found.isascii() and found.isprintable() else None
