"""Lending the application's own token to a login whose platform asks for it (WeCom, DingTalk in the company)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from app.core.ports import AppTokenLogin
from app.core.values import CodeGrant, TokenSet
from app.pipeline.channels import Channel
from app.pipeline.services import Services
from app.pipeline.tokens.app_tokens import with_app_token

T = TypeVar("T")
Borrower = TypeVar("Borrower", CodeGrant, TokenSet)


def lend_app_token(
    services: Services, channel: Channel, borrower: Borrower, call: Callable[[Borrower], T]
) -> T:
    """Call with a grant or tokens that hold the app token where the login needs one, as they are elsewhere.

    A refused app token is renewed and the call repeated once: platforms look at it before they spend a code.
    """
    if channel.as_capability(AppTokenLogin) is None:
        return call(borrower)
    return with_app_token(
        services, channel.name, lambda app_token: call(replace(borrower, app_token=app_token))
    )
