"""The console's pages of channels, the reload and the settings: what they show, what their buttons do, who may."""

from __future__ import annotations

import pytest

from app.config.settings import Settings
from app.pipeline.operators.switches import SwitchOrder, switch_off
from app.pipeline.services import MainProcess, Services
from app.storage.database.db import Database
from app.web.console.channel_words import with_code
from app.web.console.setting_words import CHINESE
from tests.builders import CALLBACK_CHANNEL, FrozenClock, make_services
from tests.channels.stage import FEISHU, challenge, event, refuse, take
from tests.console.desk import BASE_URL, PASSWORD, Desk
from tests.platforms.feishu import signing

pytestmark = pytest.mark.backends("sqlite")
CHANNELS = (
    FEISHU
    + CALLBACK_CHANNEL
    + """
[channels.shop]
platform = "wechatpay"
title = "<b>100% Shop</b>"
mch_id = "1900000001"
api_v3_key = "${UNSET_KEY}"
"""
)
CHINESE_PAGE = {"Accept-Language": "zh-CN"}


@pytest.fixture
def services(database: Database, clock: FrozenClock) -> Services:
    env = {"PUBLIC_BASE_URL": BASE_URL, "ADMIN_PASSWORD": PASSWORD}
    return make_services(database, channels=CHANNELS, env=env, clock=clock)


def test_the_list_shows_state_last_event_and_last_refusal(services: Services, admin: Desk) -> None:
    take(services, event())
    refuse(services, event(token="another"))
    text = admin.text("/console/channels")
    assert "contact.user.updated_v3" in text
    assert "The token or password that came is not the one of this channel." in text
    assert "Not set in the environment: UNSET_KEY" in text
    assert ("&lt;b&gt;100% Shop&lt;/b&gt;" in text, "<b>100%" in text) == (True, False)
    assert "环境变量未设置：UNSET_KEY" in admin.text("/console/channels", **CHINESE_PAGE)


def test_what_a_title_holds_stays_text(admin: Desk) -> None:
    text = admin.text("/console/channels/shop")
    assert ("&lt;b&gt;100% Shop&lt;/b&gt;" in text, "<b>100%" in text) == (True, False)


def test_a_channels_page_shows_where_each_address_goes(admin: Desk) -> None:
    text = admin.text("/console/channels/feishu")
    assert 'href="https://open.feishu.cn/app"' in text
    assert f'data-copy="{BASE_URL}/webhooks/feishu"' in text
    assert f'data-copy="{BASE_URL}/oauth/feishu/callback"' in text
    for secret in ("app-secret-of-this-app-9f3c", signing.TOKEN, signing.ENCRYPT_KEY):
        assert secret not in text


def test_a_refusal_stands_with_cause_and_cure_in_the_readers_language(
    services: Services, admin: Desk
) -> None:
    take(services, challenge())
    services.clock.advance(seconds=1)  # type: ignore[attr-defined]
    refuse(services, event(app_id="<script>"))
    text = admin.text("/console/channels/feishu")
    assert f"Enter <code>{BASE_URL}/webhooks/feishu</code> at the account" in text
    assert "<script>&#39;" not in text
    assert "证明无误，但请求属于另一个账号、应用或地址。" in admin.text(
        "/console/channels/feishu", **CHINESE_PAGE
    )


def test_what_arrived_leads_to_its_own_page(services: Services, admin: Desk) -> None:
    take(services, event())
    refuse(services, event(token="another"))
    text = admin.text("/console/channels/feishu")
    for kind in ("events", "rejections"):
        link = text.partition(f'href="/console/{kind}/')[2].partition('"')[0]
        assert admin.open(f"/console/{kind}/{link}").status_code == 200


def test_a_sentence_with_code_stays_text() -> None:
    assert str(with_code("a <b> `x<y` c")) == "a &lt;b&gt; <code>x&lt;y</code> c"


def test_an_address_is_drawn_as_a_qr_code(admin: Desk) -> None:
    answer = admin.open("/console/channels/feishu/qr.svg?of=callback_url")
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert admin.open("/console/channels/feishu/qr.svg?of=elsewhere").status_code == 404
    assert admin.open("/console/channels/nobody").status_code == 404


def test_a_channel_is_switched_off_and_on_with_a_reason(services: Services, admin: Desk) -> None:
    refused = admin.post("/console/channels/feishu/disable", {"reason": " "})
    assert (refused.status_code, "Say why" in refused.get_data(as_text=True)) == (400, True)
    done = admin.post("/console/channels/feishu/disable", {"reason": "the secret leaked"})
    assert done.status_code == 303
    text = admin.text(done.headers["Location"])
    assert "Switched off by admin: the secret leaked" in text
    assert admin.post("/console/channels/feishu/enable", {"reason": "mended"}).status_code == 303
    assert "Switched off by" not in admin.text("/console/channels/feishu")


def test_a_check_shows_what_it_found(admin: Desk) -> None:
    text = admin.post("/console/channels/callback/check").get_data(as_text=True)
    assert "What the check found" in text
    assert "can inbound" in text


def test_a_viewer_gets_no_buttons_and_no_settings(services: Services, viewer: Desk) -> None:
    switch_off(services, "feishu", SwitchOrder("ops", "x"))
    text = viewer.text("/console/channels/feishu")
    assert "Switch on" not in text
    assert viewer.post("/console/channels/feishu/enable", {"reason": "x"}).status_code == 403
    assert viewer.open("/console/settings").status_code == 403
    assert viewer.post("/console/reload").status_code == 403


def test_a_reload_is_asked_for_where_the_gateway_can_replace_itself(services: Services, admin: Desk) -> None:
    assert "restart the server that runs it" in admin.text("/console/reload")
    assert admin.post("/console/reload").status_code == 409
    services.runtime.main_process = MainProcess("host:1", lambda: None)
    assert "Nothing differs from what runs." in admin.text("/console/reload")
    done = admin.post("/console/reload")
    assert "Every serving process is replaced" in admin.text(done.headers["Location"])


def test_settings_are_shown_and_searched(admin: Desk) -> None:
    text = admin.text("/console/settings")
    assert (PASSWORD in text, "ADMIN_PASSWORD" in text) == (False, True)
    found = admin.text("/console/settings?q=retention")
    assert ("RETENTION_BODY_DAYS" in found, "ADMIN_PASSWORD" in found) == (True, False)
    assert "事件正文保留的天数。" in admin.text("/console/settings", **CHINESE_PAGE)


def test_every_setting_has_a_sentence_in_chinese() -> None:
    lacking = {name.upper() for name in Settings.model_fields} - set(CHINESE)
    assert lacking == set(), "add it to app/web/console/setting_words.py"
