"""Feishu's error numbers in plain sentences: what happened, and what an operator fixes where.

Sources: Feishu Open Platform, pages 获取 user_access_token, 刷新 user_access_token, 获取用户信息, 通用错误码 and
频控策略; for v3 the words of RFC 6749 §5.2 (all read 2026-11-20). The complete table of the v3 token endpoint is
not published; the numbers seen there are those of v2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from app.core.errors import GrantRejected, TokenRejected, UpstreamError, UpstreamUnavailable


class Kind(Enum):
    """Who has to do something about an error."""

    BUSY = "nobody: the call may be repeated later"
    LOGIN_ENDED = "the person: log in again"
    TOKEN_ENDED = "the gateway: refresh or fetch the token once"  # noqa: S105 - a sentence, not a secret
    PERSON_REFUSED = "the company's administrator"
    CONFIGURATION = "the operator"
    BAD_REQUEST = "the developers of this gateway"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one error number stands for."""

    kind: Kind
    sentence: str


BUSY = Meaning(Kind.BUSY, "Feishu cannot answer at the moment; the call may be repeated later.")
RATE_LIMITED = Meaning(
    Kind.BUSY, "Feishu's rate limit for this app is reached; the call may be repeated later."
)
BAD_SECRET = Meaning(
    Kind.CONFIGURATION,
    "Feishu does not accept app_id and app_secret; copy both from Credentials & Basic Info in the developer "
    "console of the right brand.",
)
APP_DISABLED = Meaning(
    Kind.CONFIGURATION,
    "The app is disabled or not released in this company; release a version in the developer console, or "
    "have an administrator enable it.",
)
OTHER_APP = Meaning(
    Kind.CONFIGURATION,
    "The code or token was issued to another app; check that app_id, app_secret and brand belong together.",
)
LOGIN_ENDED = Meaning(Kind.LOGIN_ENDED, "The login has ended at Feishu; log in again.")
TOKEN_ENDED = Meaning(Kind.TOKEN_ENDED, "Feishu no longer accepts the token.")
PERSON_REFUSED = Meaning(
    Kind.PERSON_REFUSED,
    "This Feishu account does not exist or is closed, frozen or not activated; ask the administrator.",
)
BAD_REQUEST = Meaning(Kind.BAD_REQUEST, "Feishu cannot read the request; check accounts_base and api_base.")
APP_SCOPE_MISSING = Meaning(
    Kind.CONFIGURATION,
    "The app lacks a permission; add it under Permissions & Scopes in the developer console and release it.",
)

MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {
        "20001": BAD_REQUEST,
        "20002": BAD_SECRET,
        "20003": Meaning(Kind.LOGIN_ENDED, "Feishu does not know the login code; start the login again."),
        "20004": Meaning(
            Kind.LOGIN_ENDED, "The login code is older than five minutes; start the login again."
        ),
        "20005": TOKEN_ENDED,
        "20008": PERSON_REFUSED,
        "20009": Meaning(
            Kind.PERSON_REFUSED,
            "The app is not installed in this person's company; a self-built app serves only its own.",
        ),
        "20010": Meaning(
            Kind.PERSON_REFUSED,
            "This person may not use the app; add them under Availability in the developer console and "
            "release a version.",
        ),
        "20021": PERSON_REFUSED,
        "20022": PERSON_REFUSED,
        "20023": PERSON_REFUSED,
        "20024": OTHER_APP,
        "20026": LOGIN_ENDED,
        "20036": BAD_REQUEST,
        "20037": Meaning(
            Kind.LOGIN_ENDED, "The login is too old to be renewed (365 days at most); log in again."
        ),
        "20048": Meaning(
            Kind.CONFIGURATION,
            "Feishu does not know app_id; compare it with the console, check brand and accounts_base.",
        ),
        "20049": Meaning(
            Kind.LOGIN_ENDED,
            "The login was started elsewhere than it was finished (PKCE check); start it again.",
        ),
        "20050": BUSY,
        "20063": BAD_REQUEST,
        "20064": LOGIN_ENDED,
        "20065": Meaning(Kind.LOGIN_ENDED, "The login code was used before; start the login again."),
        "20066": PERSON_REFUSED,
        "20067": Meaning(Kind.CONFIGURATION, "A permission is asked for twice; check scope in the channel."),
        "20068": Meaning(
            Kind.CONFIGURATION,
            "A permission in scope was not granted; enable it in the developer console, or drop it.",
        ),
        "20069": APP_DISABLED,
        "20070": BAD_REQUEST,
        "20071": Meaning(
            Kind.CONFIGURATION,
            "The redirect address differs from the one the login started with; check PUBLIC_BASE_URL, and "
            "the redirect URLs under Security Settings in the developer console.",
        ),
        "20072": BUSY,
        "20073": LOGIN_ENDED,
        "20074": Meaning(
            Kind.CONFIGURATION,
            "Refreshing is switched off for the app; switch on refresh of user_access_token under Security "
            "Settings in the developer console and release a version.",
        ),
        "10003": BAD_SECRET,
        "10014": BAD_SECRET,
        "10015": BAD_SECRET,
        "99991400": RATE_LIMITED,
        "99991401": Meaning(
            Kind.CONFIGURATION,
            "This gateway's address is not on the app's IP allow-list; add it under Security Settings in the "
            "developer console.",
        ),
        "99991403": Meaning(
            Kind.CONFIGURATION,
            "The company's monthly quota of Feishu API calls is used up; raise it in the admin console.",
        ),
        "99991543": BAD_SECRET,
        "99991661": TOKEN_ENDED,
        "99991662": APP_DISABLED,
        "99991663": TOKEN_ENDED,
        "99991664": TOKEN_ENDED,
        "99991665": TOKEN_ENDED,
        "99991668": TOKEN_ENDED,
        "99991669": LOGIN_ENDED,
        "99991671": TOKEN_ENDED,
        "99991672": APP_SCOPE_MISSING,
        "99991673": APP_DISABLED,
        "99991676": APP_SCOPE_MISSING,
        "99991677": TOKEN_ENDED,
        "99991679": Meaning(
            Kind.CONFIGURATION,
            "The person has not granted a permission; add it to scope and have them log in again.",
        ),
        "invalid_grant": LOGIN_ENDED,
        "invalid_client": BAD_SECRET,
        "unauthorized_client": BAD_SECRET,
        "invalid_token": TOKEN_ENDED,
        "server_error": BUSY,
        "temporarily_unavailable": BUSY,
    }
)


KEEPS_US_OUT = "99991401"
"""The app's allow-list lacks our address; the answer does not name it."""


def error_for(code: str, *, retry_after: int | None = None) -> UpstreamError:
    """Return the error for one of Feishu's codes; none of the platform's own text goes into it."""
    meaning = MEANINGS.get(code)
    if meaning is None:
        sentence = (
            "Feishu refused the call; look the number up in its list of general error codes (通用错误码)."
        )
        return UpstreamError("platform_refused", sentence, platform_code=code)
    if meaning.kind is Kind.BUSY:
        return UpstreamUnavailable(meaning.sentence, platform_code=code, retry_after=retry_after)
    if meaning.kind is Kind.LOGIN_ENDED:
        return GrantRejected(meaning.sentence, platform_code=code)
    if meaning.kind is Kind.TOKEN_ENDED:
        return TokenRejected(meaning.sentence, platform_code=code)
    if meaning.kind is Kind.PERSON_REFUSED:
        return UpstreamError("login_refused", meaning.sentence, platform_code=code, http_status=403)
    error = UpstreamError("platform_refused", meaning.sentence, platform_code=code)
    error.egress_address = "" if code == KEEPS_US_OUT else None
    return error
