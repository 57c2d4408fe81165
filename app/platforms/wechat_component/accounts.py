"""Tickets, the third-party platform's own token, and the tokens of the accounts that authorise it.

Source: WeChat Open Platform pages "令牌", "预授权码", "使用授权码获取授权信息", "获取/刷新接口调用令牌" and "获取授权帐号详情" (read
2026-11-28). What is odd: whoever lost an account's refresh token can only ask its owner to authorise again, and a refresh
may bring another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from app.core.accounts import AccountTokens, Authorised, Notice, Ticket, Withdrawn
from app.core.errors import UpstreamError, UpstreamUnavailable
from app.core.ports import AppTokenSource, HttpClient
from app.core.values import AppToken, ParsedEvent
from app.platforms.wechat_component.component import WechatComponent
from app.platforms.wechat_component.error_codes import COMPONENT
from app.platforms.wechat_component.release_test import code_to_answer
from app.wire.wechat_family.answers import (
    code_use,
    lifetime,
    needed_text,
    optional_text,
    token_grant,
    token_use,
)
from app.wire.wechat_family.messages import word

LONGEST_CREDENTIAL = 1024
REFRESH_BEFORE = 600
"""Seconds; the platform asks for a new one from one hour and fifty minutes on."""


class TicketedToken:
    """Fetches the third-party platform's token by one ticket; satisfies app.core.ports.AppTokenSource."""

    def __init__(self, component: WechatComponent, ticket: str):
        self.refresh_app_token_before = REFRESH_BEFORE
        self._component = component
        self._ticket = ticket

    def fetch_app_token(self, http: HttpClient, *, rejected: str | None) -> AppToken:
        """Fetch the token; every call brings a new one."""
        answer = http.request(
            "POST",
            self._component.api("api_component_token"),
            json={
                "component_appid": self._component.app_id,
                "component_appsecret": self._component.secret,
                "component_verify_ticket": self._ticket,
            },
        )
        content = token_grant(answer, COMPONENT)
        value = needed_text(content, "component_access_token")
        return AppToken(value, lifetime(content.get("expires_in")))


class ComponentAccounts(WechatComponent):
    """Acts for the accounts that authorise it; satisfies AccountSource and AuthorisationPages."""

    refresh_app_token_before: int = REFRESH_BEFORE
    refresh_account_token_before: int = REFRESH_BEFORE
    ticket_seconds: int = 12 * 3600

    @property
    def ticket_owner(self) -> str:
        """Return the AppID that tickets and authorisations are for."""
        return self.app_id

    def with_ticket(self, ticket: str) -> AppTokenSource:
        """Return what fetches the token by this ticket."""
        return TicketedToken(self, ticket)

    def fetch_app_token(self, http: HttpClient, *, rejected: str | None) -> AppToken:
        """Raise: without a ticket there is no token."""
        raise UpstreamUnavailable(
            "No ticket (component_verify_ticket) has come yet. WeChat sends one every ten minutes to the address of "
            "authorisation events; compare it in the console with this channel's callback address."
        )

    def notice(self, parsed: ParsedEvent) -> Notice | None:
        """Return what an event says about tickets and authorisations; a code that the release test sends is one too."""
        fields, at = parsed.data, parsed.occurred_at
        account = word(fields, "AuthorizerAppid")
        if at is None:
            return None
        if "InfoType" not in fields:
            code = code_to_answer(parsed) if self.settings.release_test else None
            return None if code is None else Authorised(code, at, account, reply_to=parsed.subject)
        ticket, code = _credential(fields, "ComponentVerifyTicket"), _credential(fields, "AuthorizationCode")
        match parsed.type:
            case "component_verify_ticket" if ticket:
                return Ticket(ticket, at)
            case "authorized" | "updateauthorized" if code and account:
                return Authorised(code, at, account)
            case "unauthorized" if account:
                return Withdrawn(account, at)
        return None

    def redeem(self, code: str, app_token: str, http: HttpClient) -> AccountTokens:
        """Redeem an authorisation code once, and ask what the account is called."""
        content = self._call("api_query_auth", app_token, http, authorization_code=code)
        given = content.get("authorization_info")
        if not isinstance(given, Mapping):
            raise UpstreamError("upstream_bad_answer", "WeChat's answer has no usable authorization_info.")
        account = needed_text(given, "authorizer_appid")
        title, original_id = self._names(account, app_token, http)
        return AccountTokens(
            account=account,
            lasting=needed_text(given, "authorizer_refresh_token"),
            access_token=optional_text(given, "authorizer_access_token"),
            expires_in=lifetime(given.get("expires_in")),
            title=title,
            original_id=original_id,
        )

    def renew(self, account: str, lasting: str, app_token: str, http: HttpClient) -> AccountTokens:
        """Fetch an account's next access token; the refresh token that comes with it takes the place of the old one."""
        content = self._call(
            "api_authorizer_token",
            app_token,
            http,
            authorizer_appid=account,
            authorizer_refresh_token=lasting,
        )
        return AccountTokens(
            account=account,
            lasting=optional_text(content, "authorizer_refresh_token") or lasting,
            access_token=needed_text(content, "authorizer_access_token"),
            expires_in=lifetime(content.get("expires_in")),
        )

    def reply(self, notice: Authorised, access_token: str, http: HttpClient) -> None:
        """Send the release test's code back in the account's name, as a customer service message."""
        answer = http.request(
            "POST",
            f"{self.settings.api_base}/cgi-bin/message/custom/send",
            params={"access_token": access_token},
            json={
                "touser": notice.reply_to,
                "msgtype": "text",
                "text": {"content": f"{notice.code}_from_api"},
            },
        )
        token_use(answer, COMPONENT)

    def authorisation_page(self, return_to: str, app_token: str, http: HttpClient) -> str:
        """Return the page where an account's owner authorises, with a code of its own that is good for ten minutes."""
        content = self._call("api_create_preauthcode", app_token, http)
        query = {
            "component_appid": self.app_id,
            "pre_auth_code": needed_text(content, "pre_auth_code"),
            "redirect_uri": return_to,
            "auth_type": str(self.settings.auth_type),
        }
        return f"{self.settings.mp_base}/cgi-bin/componentloginpage?{urlencode(query)}"

    def _names(self, account: str, app_token: str, http: HttpClient) -> tuple[str | None, str | None]:
        """Ask for an account's name and original id; the code is spent by now, so nothing may be lost by a failure here."""
        try:
            content = self._call("api_get_authorizer_info", app_token, http, authorizer_appid=account)
        except UpstreamError:
            return None, None
        found = content.get("authorizer_info")
        info = found if isinstance(found, Mapping) else {}
        return optional_text(info, "nick_name"), optional_text(info, "user_name")

    def _call(self, call: str, app_token: str, http: HttpClient, **body: str) -> Mapping[str, Any]:
        answer = http.request(
            "POST",
            self.api(call),
            params={"component_access_token": app_token},
            json={"component_appid": self.app_id, **body},
        )
        return code_use(answer, COMPONENT)


def _credential(fields: Mapping[str, Any], name: str) -> str | None:
    found = fields.get(name)
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_CREDENTIAL:
        return None
    return found if found.isascii() and found.isprintable() else None
