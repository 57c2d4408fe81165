"""SDKs of others, with another address and an API token for the secret: wechatpy, lark-oapi and plain requests, over real HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from werkzeug.serving import make_server

from app.pipeline.services import Services
from sandbox.platforms.feishu.messages import CHAT_ID
from tests.ports import free_port
from tests.relay.gateway import SHOP, Sibling, channels_file
from tests.sandbox.server import SandboxServer, SilentHandler

pytestmark = pytest.mark.backends("sqlite")


@pytest.fixture
def address(services_with: Callable[..., Services], sandbox: SandboxServer) -> Iterator[str]:
    """Serve the gateway and return its address; under the name `localhost` it is Feishu's relay."""
    port = free_port()
    channels = channels_file(sandbox.settings, sandbox.url)
    channels = channels.replace('"feishu"', f'"feishu"\nrelay_host = "localhost:{port}"')
    app = Sibling(services_with(channels=channels)).app
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=SilentHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join(5)
    server.server_close()


def test_wechatpy_works_through_the_relay(address: str, sandbox: SandboxServer) -> None:
    from wechatpy import WeChatClient
    from wechatpy.exceptions import WeChatClientException

    class Client(WeChatClient):  # type: ignore[misc]
        API_BASE_URL = f"{address}/relay/wechat/cgi-bin/"

        def fetch_access_token(self) -> Any:
            """Ask the same address; wechatpy has its own written out here."""
            query = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
            return self._fetch_access_token(url=f"{self.API_BASE_URL}token", params=query)

    client = Client(sandbox.settings["WECHAT_APP_ID"], SHOP)
    made = client.qrcode.create(
        {"expire_seconds": 600, "action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "a"}}}
    )
    assert made["ticket"].startswith("gQ")
    for token in sandbox.state.app_tokens["wechat.stable"]:
        token.revoked = True
    with pytest.raises(WeChatClientException, match="invalid openid"):
        client.user.get("nobody")
    assert len(sandbox.state.calls("wechat.stable_token")) == 2
    assert client.access_token.startswith("cgr_")


def test_lark_oapi_works_through_the_relay(address: str, sandbox: SandboxServer) -> None:
    import lark_oapi as lark
    from lark_oapi.api.im.v1 import CreateMessageRequest, CreateMessageRequestBody

    client = (
        lark.Client.builder()
        .app_id(sandbox.settings["FEISHU_APP_ID"])
        .app_secret(SHOP)
        .domain(address.replace("127.0.0.1", "localhost"))
        .log_level(lark.LogLevel.ERROR)
        .build()
    )
    body = CreateMessageRequestBody.builder().receive_id(CHAT_ID).msg_type("text").content('{"text":"hi"}')
    request = CreateMessageRequest.builder().receive_id_type("chat_id").request_body(body.build()).build()
    answer = client.im.v1.message.create(request)
    assert answer.success(), (answer.code, answer.msg)
    assert answer.data.message_id.startswith("om_")


def test_plain_requests_work_through_the_relay(address: str, sandbox: SandboxServer) -> None:
    base = f"{address}/relay/dingtalk"
    given = requests.post(
        f"{base}/v1.0/oauth2/accessToken", json={"appKey": "x", "appSecret": SHOP}, timeout=10
    )
    header = {"x-acs-dingtalk-access-token": given.json()["accessToken"]}
    ticket = requests.post(f"{base}/v1.0/oauth2/jsapiTickets", json={}, headers=header, timeout=10)
    assert ticket.json()["expireIn"] == 7200
    assert header["x-acs-dingtalk-access-token"] not in str(
        sandbox.state.calls("dingtalk.js_ticket")[-1].headers
    )
