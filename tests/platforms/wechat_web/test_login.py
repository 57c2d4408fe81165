"""Website login: the page with the QR code, recorded answers, and the same person as at the Official Account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from pydantic import ValidationError

from app.core.errors import CallgateError, GrantRejected, LoginError, UpstreamUnavailable
from app.core.ports import AuthorizeRequest, HttpAnswer, LoginProvider, WebhookSource
from app.core.values import CodeGrant, Identity, TokenSet
from app.platforms import discover
from app.security.outbound import OutboundClient, configured_origins
from tests.platforms.deliveries import NOW
from tests.sandbox.clients import RETURN_ADDRESS, returned
from tests.sandbox.server import SandboxServer

LOGINS: Mapping[str, Any] = json.loads(Path(__file__).with_name("logins.json").read_text("utf-8"))
CLASSES = {"grant_rejected": (GrantRejected, LoginError), "unavailable": (UpstreamUnavailable,)}


def opened(slug: str = "wechat-web", **keys: Any) -> Any:
    spec = discover()[slug]
    return spec.open("x", spec.settings.model_validate({"app_id": "wx0001", "app_secret": "wxsecret"} | keys))


class Recorded:
    """Answers as a case says, and refuses a request that is not the recorded one."""

    def __init__(self, exchanges: Any):
        self.left = list(exchanges)

    def request(self, method: str, url: str, **options: Any) -> HttpAnswer:
        wanted, given = self.left[0]["request"], options.get("params") or {}
        answer = self.left.pop(0)["answer"]
        assert (method, url) == (wanted["method"], wanted["url"])
        assert wanted["query"].items() <= given.items()
        return HttpAnswer(answer["status"], answer["headers"], answer["body"].encode(), dict)


def played(case: Any) -> tuple[TokenSet, Identity | None]:
    own, http = LOGINS["settings"], Recorded(case["exchanges"])
    connector = opened(app_id=own["client_id"], app_secret=own["client_secret"])
    if case["flow"] == "refresh":
        before = TokenSet("OLD", refresh_token=own["refresh_token"], extra={"openid": "oWX1"})
        return connector.refresh(before, http), None
    tokens = connector.exchange(CodeGrant("CODE-1", own["redirect_uri"], ""), http)
    return tokens, connector.identity(tokens, http)


@pytest.mark.parametrize("case", LOGINS["cases"], ids=lambda case: case["name"])
def test_a_recorded_answer_ends_as_it_should(case: Any) -> None:
    if "expect" in case:
        tokens, identity = played(case)
        assert identity is not None
        found = {
            "subject": identity.subject,
            "union_id": identity.union_id,
            "name": identity.name,
            "avatar": identity.avatar_url,
            "expires_in": tokens.expires_in,
            "refresh_token": tokens.refresh_token,
        }
        assert found == {name: case["expect"][name] for name in found}
        return
    expected = case["expect_error"]
    with pytest.raises(CallgateError) as caught:
        played(case)
    if expected["class"] == "config":
        assert caught.value.code == "platform_configuration"
    else:
        assert isinstance(caught.value, CLASSES[expected["class"]])
    assert getattr(caught.value, "platform_code", None) == expected["code"]


def test_the_page_has_the_order_of_the_platform() -> None:
    url = opened().authorize_url(AuthorizeRequest("https://cb.example/a?b=中", "State1", "challenge"))
    assert url == (
        "https://open.weixin.qq.com/connect/qrconnect?appid=wx0001&redirect_uri=https%3A%2F%2Fcb.example%2Fa%3Fb%3D%E4%B8%AD"
        "&response_type=code&scope=snsapi_login&state=State1#wechat_redirect"
    )


def test_the_language_of_the_page_can_be_set() -> None:
    url = opened(lang="en").authorize_url(AuthorizeRequest("https://cb", "s", "c"))
    assert url.endswith("&state=s&lang=en#wechat_redirect")
    with pytest.raises(ValidationError):
        opened(lang="de")


def test_no_other_scope_is_ever_asked_for() -> None:
    url = opened().authorize_url(AuthorizeRequest("https://cb", "s", "c", scope="snsapi_userinfo"))
    assert "scope=snsapi_login&" in url


def test_it_takes_no_callbacks_and_without_a_secret_no_logins() -> None:
    assert not isinstance(opened(), WebhookSource)
    assert isinstance(opened(), LoginProvider)
    assert not isinstance(opened(app_secret=""), LoginProvider)


def test_a_pages_address_is_the_one_that_wechatpy_makes() -> None:
    oauth = pytest.importorskip("wechatpy.oauth")
    theirs = oauth.WeChatOAuth("wx0001", "s", "https://cb.example/a", scope="snsapi_login", state="State1")
    assert (
        opened().authorize_url(AuthorizeRequest("https://cb.example/a", "State1", "")) == theirs.qrconnect_url
    )


def logged_in(sandbox: SandboxServer, slug: str, prefix: str) -> Identity:
    own, base = sandbox.settings, f"{sandbox.url}/wechat"
    connector = opened(
        slug,
        app_id=own[f"{prefix}_APP_ID"],
        app_secret=own[f"{prefix}_APP_SECRET"],
        api_base=base,
        open_base=base,
    )
    http = OutboundClient(configured_origins(connector.settings))
    url = connector.authorize_url(AuthorizeRequest(RETURN_ADDRESS, "State1", "")).partition("#")[0]
    code = returned(requests.get(url, allow_redirects=False, timeout=5))["code"]
    grant = CodeGrant(code, RETURN_ADDRESS, "", redeemed_at=NOW.timestamp())
    identity: Identity = connector.identity(connector.exchange(grant, http), http)
    return identity


def test_one_person_has_two_open_ids_and_one_union_id(sandbox: SandboxServer) -> None:
    sandbox.state.auto_person = "maya"
    on_site, in_wechat = (
        logged_in(sandbox, "wechat-web", "WECHAT_WEB"),
        logged_in(sandbox, "wechat", "WECHAT"),
    )
    assert on_site.union_id
    assert on_site.union_id == in_wechat.union_id
    assert on_site.subject != in_wechat.subject
    assert on_site.issuer != in_wechat.issuer
