"""The keys of a Feishu channel, and what a channel with them can do."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from app.config.channels import fault_sentences
from app.core.ports import AppTokenSource, LoginProvider, TokenRevoker, WebhookSource
from app.platforms import discover
from app.platforms.feishu import PLATFORM
from app.platforms.feishu.settings import FeishuSettings
from tests.platforms.feishu.signing import APP_ID, ENCRYPT_KEY, TOKEN

FULL = {
    "app_id": APP_ID,
    "app_secret": "demo-app-secret",
    "verification_token": TOKEN,
    "encrypt_key": ENCRYPT_KEY,
}


def settings(**changes: Any) -> FeishuSettings:
    return FeishuSettings.model_validate(FULL | changes)


def test_the_platform_is_found_by_its_folder() -> None:
    assert discover()["feishu"] is PLATFORM


def test_a_full_channel_can_do_everything() -> None:
    source = PLATFORM.open("feishu", settings())
    for capability in (WebhookSource, LoginProvider, TokenRevoker, AppTokenSource):
        assert isinstance(source, capability)


def test_a_channel_without_an_app_secret_only_takes_callbacks() -> None:
    source = PLATFORM.open("feishu", settings(app_secret=""))
    assert isinstance(source, WebhookSource)
    assert not isinstance(source, LoginProvider | AppTokenSource | TokenRevoker)


def test_the_key_that_leaves_callbacks_unproven_is_named() -> None:
    assert settings().missing_signature_secret() is None
    assert settings(encrypt_key="").missing_signature_secret() is None
    assert settings(verification_token="").missing_signature_secret() == "verification_token"
    assert FeishuSettings(app_id="cli_1").missing_signature_secret() == "verification_token"


def test_an_override_of_an_address_wins_over_the_brand() -> None:
    found = settings(brand="lark", api_base="http://localhost:5004/feishu/")
    assert found.api_base == "http://localhost:5004/feishu"
    assert found.accounts_base == "https://accounts.larksuite.com"
    assert settings().accounts_base == "https://accounts.feishu.cn"


def test_the_robot_keys_are_kept_for_sending() -> None:
    found = settings(
        robot_hook="https://open.feishu.cn/open-apis/bot/v2/hook/secret-part", robot_secret="s3cret"
    )
    assert "secret-part" not in repr(found)
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    "changes", [{"app_id": ""}, {"brand": "fly"}, {"brand": ["lark"]}, {"api_base": "x"}, {"appid": "x"}]
)
def test_a_faulty_key_is_refused_with_one_sentence(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**changes)
    (sentence,) = fault_sentences(caught.value)
    assert next(iter(changes)) in sentence


def test_every_key_explains_itself() -> None:
    assert all(field.description for field in FeishuSettings.model_fields.values())
