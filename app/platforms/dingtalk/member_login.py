"""Logging in members of one company: by DingTalk's script inside the app (免登), by its login page everywhere else; known by their userid.

Sources (read 2026-11-28): DingTalk's pages on `topapi/v2/user/getuserinfo` and `topapi/user/getbyunionid` as public repositories quote them;
`dd.runtime.permission.requestAuthCode` likewise. What is odd: inside the app no address leads anywhere, a script hands out the code, once, for five
minutes; the older API answers 200 with a number for every refusal. That the older API takes the token of the newer one is what these
repositories do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from app.core.code_pages import CodeScript
from app.core.errors import LoginError, UpstreamError
from app.core.ports import HttpClient
from app.core.values import CodeGrant, Identity, TokenSet
from app.platforms.dingtalk.answers import older_content_of
from app.platforms.dingtalk.login import LONGEST_TEXT, DingtalkLogin

IN_APP, ON_PAGE = "app", "page"
APP_BROWSER: Final = "dingtalk"
MEMBER_BY_CODE: Final = "/topapi/v2/user/getuserinfo"
MEMBER_BY_UNION_ID: Final = "/topapi/user/getbyunionid"
NO_MEMBER: Final = "60121"
EXTERNAL_CONTACT: Final = 1
NO_TOKEN: Final = "none"  # noqa: S105 - says that there is no token


class DingtalkMemberLogin(DingtalkLogin):
    """Logs members in; satisfies LoginProvider, LoginPages, AppTokenLogin and ScriptedLogin."""

    pages: tuple[str, ...] = (IN_APP, ON_PAGE)
    login_needs_app_token: bool = True

    def page_for(self, user_agent: str) -> str:
        """Choose the script where the browser is the app's own, the login page everywhere else."""
        return IN_APP if APP_BROWSER in user_agent.lower() else ON_PAGE

    def code_script(self, page: str) -> CodeScript | None:
        """Return how the script is asked for a code of this company; nothing for the login page."""
        if page != IN_APP:
            return None
        return CodeScript(
            address=self.settings.jsapi_url,
            ready="dd.ready",
            ask="dd.runtime.permission.requestAuthCode",
            parameters={"corpId": self.settings.corp_id},
        )

    def exchange(self, grant: CodeGrant, http: HttpClient) -> TokenSet:
        """Redeem a code, in one call that is never repeated; inside the app the application's token asks who it is."""
        if grant.page != IN_APP:
            return super().exchange(grant, http)
        member = self._ask_older(MEMBER_BY_CODE, {"code": grant.code}, grant.app_token, http)
        found = {name: _text(member.get(name)) for name in ("userid", "unionid", "name")}
        if found["userid"] is None:
            raise _nobody()
        return TokenSet(NO_TOKEN, extra={name: text for name, text in found.items() if text})

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        """Say who logged in: what the code said inside the app, else the member behind the person of the login page."""
        kept = tokens.extra
        if "userid" in kept:
            shown = {"nick": kept["name"]} if "name" in kept else {}
            return self._member(
                kept["userid"], Identity("", "", "", kept.get("name"), None, kept.get("unionid"), shown)
            )
        person = super().identity(tokens, http)
        if person.union_id is None:
            raise _nobody()
        try:
            member = self._ask_older(MEMBER_BY_UNION_ID, {"unionid": person.union_id}, tokens.app_token, http)
        except UpstreamError as error:
            if error.platform_code == NO_MEMBER:
                raise _not_a_member() from None
            raise
        user_id = _text(member.get("userid"))
        if user_id is None or member.get("contact_type") == EXTERNAL_CONTACT:
            raise _not_a_member()
        return self._member(user_id, person)

    def _member(self, user_id: str, person: Identity) -> Identity:
        profile = {**person.profile, "corp_id": self.settings.corp_id}
        return replace(
            person,
            issuer=f"dingtalk:{self.settings.corp_id}",
            subject_kind="user_id",
            subject=user_id,
            profile=profile,
        )

    def _ask_older(
        self, path: str, fields: Mapping[str, str], app_token: str | None, http: HttpClient
    ) -> Mapping[str, Any]:
        if not app_token:
            raise UpstreamError(
                "platform_configuration", "Login needs the application's token; set app_secret."
            )
        address = self.settings.oapi_base + path
        return older_content_of(
            http.request("POST", address, params={"access_token": app_token}, json=dict(fields))
        )


def _text(value: object) -> str | None:
    is_text = isinstance(value, str) and value.strip() and len(value) <= LONGEST_TEXT
    return value if is_text and isinstance(value, str) else None


def _nobody() -> UpstreamError:
    return UpstreamError("platform_refused", "DingTalk's answer names no member; check oapi_base.")


def _not_a_member() -> LoginError:
    return LoginError(
        "not_a_member",
        "Only members of the company can log in here, and DingTalk says that you are none of this one.",
    )
