"""The simulated WeChat answers as the protocol notes say."""

from __future__ import annotations

import pytest
import requests

from sandbox.tencent_windows import open_window
from tests.platforms.wechat.simulator_client import account_token, make_qr, wechat_authorize, wechat_token
from tests.sandbox.clients import RETURN_ADDRESS, get, returned
from tests.sandbox.server import SandboxServer


def login(sandbox: SandboxServer, scope: str = "snsapi_userinfo") -> str:
    sandbox.state.auto_person = "maya"
    return returned(wechat_authorize(sandbox, scope))["code"]


def authorize_with(sandbox: SandboxServer, query: str) -> requests.Response:
    return get(f"{sandbox.url}/wechat/connect/oauth2/authorize?{query}")


def test_base_scope_is_silent_and_shows_only_the_open_id(sandbox: SandboxServer) -> None:
    answer = wechat_token(sandbox, returned(wechat_authorize(sandbox, "snsapi_base"))["code"])
    assert answer["scope"] == "snsapi_base"
    assert answer["openid"].startswith("o")
    assert "unionid" not in answer
    profile = get(
        f"{sandbox.url}/wechat/sns/userinfo", access_token=answer["access_token"], openid=answer["openid"]
    )
    assert profile.json()["errcode"] == 48001


def test_userinfo_scope_asks_and_gives_the_profile(sandbox: SandboxServer) -> None:
    assert wechat_authorize(sandbox).status_code == 200
    answer = wechat_token(sandbox, login(sandbox))
    profile = get(
        f"{sandbox.url}/wechat/sns/userinfo",
        access_token=answer["access_token"],
        openid=answer["openid"],
        lang="zh_CN",
    )
    assert profile.headers["Content-Type"] == "text/plain"
    assert "玛雅" in profile.content.decode("utf-8")
    assert profile.json()["unionid"] == answer["unionid"]


def test_a_refusal_never_returns_to_the_site(sandbox: SandboxServer) -> None:
    sandbox.state.auto_person, sandbox.state.auto_decision = "maya", "deny"
    response = wechat_authorize(sandbox)
    assert response.status_code == 200
    assert "Location" not in response.headers


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("redirect_uri=R&appid=A&response_type=code&scope=snsapi_base&state=1", "10005"),
        ("appid=A&redirect_uri=R&scope=snsapi_base&response_type=code&state=1", "10005"),
        ("appid=A&redirect_uri=R&forcePopup=true&response_type=code&scope=snsapi_base&state=1", "10005"),
        ("redirect_uri=R&response_type=code&scope=snsapi_base&state=1", "10012"),
        ("appid=A&response_type=code&scope=snsapi_base&state=1", "10011"),
        ("appid=A&redirect_uri=R&response_type=code&state=1", "10010"),
        ("appid=A&redirect_uri=R&response_type=code&scope=snsapi_base&state=", "10013"),
        ("appid=A&redirect_uri=R&response_type=code&scope=snsapi_base&state=a-b", "10013"),
        ("appid=other&redirect_uri=R&response_type=code&scope=snsapi_base&state=1", "10016"),
    ],
)
def test_order_and_presence_of_the_parameters_matter(sandbox: SandboxServer, query: str, code: str) -> None:
    filled = query.replace("appid=A", f"appid={sandbox.settings['WECHAT_APP_ID']}").replace(
        "redirect_uri=R", "redirect_uri=http%3A%2F%2Fshop.example%2Fcb"
    )
    response = authorize_with(sandbox, filled)
    assert (response.status_code, code in response.text) == (400, True)


def test_extra_parameters_at_the_end_are_fine(sandbox: SandboxServer) -> None:
    query = (
        f"appid={sandbox.settings['WECHAT_APP_ID']}&redirect_uri=http%3A%2F%2Fshop.example%2Fcb"
        "&response_type=code&scope=snsapi_base&state=1&forcePopup=true"
    )
    assert returned(authorize_with(sandbox, query))["state"] == "1"


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"code": "unknown"}, 40029),
        ({"code": ""}, 41008),
        ({"appid": "wxother"}, 40013),
        ({"secret": "wrong"}, 40125),
        ({"secret": ""}, 41004),
        ({"grant_type": "other"}, 40002),
    ],
)
def test_code_errors_are_http_200_with_an_errcode(
    sandbox: SandboxServer, changes: dict[str, str], errcode: int
) -> None:
    code = changes.pop("code", None)
    answer = wechat_token(sandbox, login(sandbox) if code is None else code, **changes)
    assert answer["errcode"] == errcode


def test_a_code_works_once_and_expires(sandbox: SandboxServer) -> None:
    code = login(sandbox)
    assert "access_token" in wechat_token(sandbox, code)
    assert wechat_token(sandbox, code)["errcode"] == 40163
    late = login(sandbox)
    sandbox.state.advance(301)
    assert wechat_token(sandbox, late)["errcode"] == 42003


def test_refreshing_a_living_token_prolongs_it_unchanged(sandbox: SandboxServer) -> None:
    first = wechat_token(sandbox, login(sandbox))
    query = {
        "appid": sandbox.settings["WECHAT_APP_ID"],
        "grant_type": "refresh_token",
        "refresh_token": first["refresh_token"],
    }
    url = f"{sandbox.url}/wechat/sns/oauth2/refresh_token"
    sandbox.state.advance(3600)
    prolonged = get(url, **query).json()
    assert (prolonged["access_token"], prolonged["expires_in"]) == (first["access_token"], 7200)
    sandbox.state.advance(7300)
    assert get(url, **query).json()["access_token"] != first["access_token"]
    sandbox.state.advance(2_592_000)
    assert get(url, **query).json()["errcode"] == 42002
    assert get(url, **{**query, "refresh_token": "x"}).json()["errcode"] == 40030


def test_sns_auth_tells_good_from_bad(sandbox: SandboxServer) -> None:
    tokens = wechat_token(sandbox, login(sandbox))
    url = f"{sandbox.url}/wechat/sns/auth"
    good = get(url, access_token=tokens["access_token"], openid=tokens["openid"]).json()
    assert good == {"errcode": 0, "errmsg": "ok"}
    assert get(url, access_token=tokens["access_token"], openid="o").json()["errcode"] == 40003
    sandbox.state.advance(7201)
    late = get(url, access_token=tokens["access_token"], openid=tokens["openid"])
    assert late.json()["errcode"] == 42001


def test_a_snapshot_user_has_a_throw_away_identity(sandbox: SandboxServer) -> None:
    real = wechat_token(sandbox, login(sandbox))
    sandbox.state.switches["snapshot"] = True
    first, second = (wechat_token(sandbox, login(sandbox)) for _ in range(2))
    assert first["is_snapshotuser"] == 1
    assert len({real["openid"], first["openid"], second["openid"]}) == 3


def test_the_stable_token_is_idempotent_until_forced(sandbox: SandboxServer) -> None:
    first = account_token(sandbox)
    sandbox.state.advance(100)
    again = account_token(sandbox)
    assert (again["access_token"], again["expires_in"]) == (first["access_token"], 7100)
    forced = account_token(sandbox, force_refresh=True)
    assert forced["access_token"] != first["access_token"]
    url = f"{sandbox.url}/wechat/cgi-bin/user/info"
    assert get(url, access_token=first["access_token"], openid="o").json()["errcode"] == 40001
    assert get(url, access_token=forced["access_token"], openid="o").json()["errcode"] == 40003


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"grant_type": "x"}, 40002),
        ({"appid": "wxother"}, 40013),
        ({"secret": "wrong"}, 40125),
        ({"appid": ""}, 41002),
    ],
)
def test_stable_token_errors(sandbox: SandboxServer, changes: dict[str, str], errcode: int) -> None:
    assert account_token(sandbox, **changes)["errcode"] == errcode


def test_stable_token_needs_post(sandbox: SandboxServer) -> None:
    assert get(f"{sandbox.url}/wechat/cgi-bin/stable_token").json()["errcode"] == 43002


def test_a_qr_code_leads_to_the_phone(sandbox: SandboxServer) -> None:
    answer = make_qr(sandbox)
    assert answer["expire_seconds"] == 600
    picture = get(f"{sandbox.url}/wechat/cgi-bin/showqrcode", ticket=answer["ticket"])
    assert picture.content.startswith(b"\x89PNG")
    for asked in (answer["url"], answer["ticket"], "bind_7f3a"):
        found = get(f"{sandbox.url}/phone/find", q=asked)
        assert found.status_code == 302
    assert "bind_7f3a" in get(answer["url"]).text
    assert get(f"{sandbox.url}/wechat/cgi-bin/showqrcode", ticket="x").status_code == 404


def test_a_scene_that_is_not_nested_becomes_zero(sandbox: SandboxServer) -> None:
    token = account_token(sandbox)["access_token"]
    url = f"{sandbox.url}/wechat/cgi-bin/qrcode/create?access_token={token}"
    body = {"action_name": "QR_STR_SCENE", "action_info": {"scene_str": "lost"}}
    answer = requests.post(url, json=body, timeout=5).json()
    ticket = sandbox.state.find_ticket(answer["ticket"])
    assert ticket is not None
    assert ticket.scene == "0"
    too_long = {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "x" * 65}}}
    assert requests.post(url, json=too_long, timeout=5).json()["errcode"] == 40053


def test_qrcode_create_refuses_bad_and_expired_tokens(sandbox: SandboxServer) -> None:
    url = f"{sandbox.url}/wechat/cgi-bin/qrcode/create"
    token = account_token(sandbox)["access_token"]
    assert requests.post(url, json={}, timeout=5).json()["errcode"] == 41001
    assert requests.post(f"{url}?access_token=x", json={}, timeout=5).json()["errcode"] == 40001
    sandbox.state.advance(7201)
    assert requests.post(f"{url}?access_token={token}", json={}, timeout=5).json()["errcode"] == 42001


def test_a_customer_message_reaches_whoever_wrote(sandbox: SandboxServer) -> None:
    token = account_token(sandbox)["access_token"]
    people = get(f"{sandbox.url}/_sandbox/people").json()
    body = {"touser": people[1]["wechat_open_id"], "msgtype": "text", "text": {"content": "你好"}}
    url = f"{sandbox.url}/wechat/cgi-bin/message/custom/send?access_token={token}"
    assert requests.post(url, json=body, timeout=5).json()["errcode"] == 45015
    open_window(sandbox.state, body["touser"], 60, 1)
    assert requests.post(url, json=body, timeout=5).json()["errcode"] == 0
    assert "你好" in get(f"{sandbox.url}/phone", person="chenyutong").text
    assert requests.post(url, json=body, timeout=5).json()["errcode"] == 45047


def test_followers_are_known_to_the_account(sandbox: SandboxServer) -> None:
    token = account_token(sandbox)["access_token"]
    people = get(f"{sandbox.url}/_sandbox/people").json()
    sandbox.state.followers("wechat")["linxiao"] = 1.0
    url = f"{sandbox.url}/wechat/cgi-bin/user/info"
    follower = get(url, access_token=token, openid=people[0]["wechat_open_id"]).json()
    assert follower["subscribe"] == 1


def test_registered_return_addresses_are_compared_exactly() -> None:
    with SandboxServer(redirect_uris=(RETURN_ADDRESS + "&more=1",)) as strict:
        assert wechat_authorize(strict).status_code == 400
