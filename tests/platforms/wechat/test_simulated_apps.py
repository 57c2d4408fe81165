"""Website login by QR code, and Mini Program login."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.platforms.wechat.simulator_client import wechat_authorize, wechat_token
from tests.sandbox.clients import RETURN_ADDRESS, get, returned
from tests.sandbox.server import SandboxServer


def site_login(sandbox: SandboxServer, app_id: str) -> requests.Response:
    return get(
        f"{sandbox.url}/wechat/connect/qrconnect",
        appid=app_id,
        redirect_uri=RETURN_ADDRESS,
        response_type="code",
        scope="snsapi_login",
        state="s1",
    )


def session(sandbox: SandboxServer, js_code: str, **changes: str) -> dict[str, Any]:
    query = {
        "appid": sandbox.settings["WECHAT_MINI_APP_ID"],
        "secret": sandbox.settings["WECHAT_MINI_APP_SECRET"],
        "js_code": js_code,
        "grant_type": "authorization_code",
        **changes,
    }
    answer: dict[str, Any] = get(f"{sandbox.url}/wechat/sns/jscode2session", **query).json()
    return answer


def new_code(sandbox: SandboxServer) -> str:
    answer = requests.post(f"{sandbox.url}/_sandbox/js_code", json={"person": "maya"}, timeout=5)
    code: str = answer.json()["js_code"]
    return code


def test_a_website_gets_its_own_open_id_and_the_same_union_id(sandbox: SandboxServer) -> None:
    settings = sandbox.settings
    sandbox.state.auto_person = "maya"
    site_code = returned(site_login(sandbox, settings["WECHAT_WEB_APP_ID"]))["code"]
    own = {"appid": settings["WECHAT_WEB_APP_ID"], "secret": settings["WECHAT_WEB_APP_SECRET"]}
    on_site = wechat_token(sandbox, site_code, **own)
    on_account = wechat_token(sandbox, returned(wechat_authorize(sandbox))["code"])
    assert on_site["openid"] != on_account["openid"]
    assert on_site["unionid"] == on_account["unionid"]


def test_the_other_applications_code_and_appid_are_refused(sandbox: SandboxServer) -> None:
    sandbox.state.auto_person = "maya"
    code = returned(site_login(sandbox, sandbox.settings["WECHAT_WEB_APP_ID"]))["code"]
    assert wechat_token(sandbox, code)["errcode"] == 40029
    assert site_login(sandbox, sandbox.settings["WECHAT_APP_ID"]).status_code == 400


def test_a_mini_program_code_works_once(sandbox: SandboxServer) -> None:
    code = new_code(sandbox)
    answer = session(sandbox, code)
    assert (len(answer["session_key"]), answer["openid"][0]) == (24, "o")
    assert session(sandbox, code)["errcode"] == 40163
    late = new_code(sandbox)
    sandbox.state.advance(301)
    assert session(sandbox, late)["errcode"] == 40029


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [({"appid": "wxother"}, 40013), ({"secret": "x"}, 40125), ({"grant_type": "x"}, 40002)],
)
def test_mini_program_errors(sandbox: SandboxServer, changes: dict[str, str], errcode: int) -> None:
    assert session(sandbox, new_code(sandbox), **changes)["errcode"] == errcode
