"""Simulated QQ bot: its token and its replies. Its callbacks are fired from the description of the source."""

from __future__ import annotations

from typing import Any

from sandbox.people import PEOPLE, Person
from sandbox.platforms.qqbot import api
from sandbox.settings import SandboxSettings
from sandbox.simulated import Address, Credential, Look, SampleChannel, Simulated
from sandbox.words import Words


def identities(person: Person, _settings: SandboxSettings) -> dict[str, Any]:
    """Names a person's identifiers for tests and tools."""
    return {"qqbot_open_id": api.open_id(person)}


SIMULATED = Simulated(
    slug="qqbot",
    title=Words("QQ bot", "QQ 机器人"),
    place=93,
    credentials=(
        Credential("QQBOT_APP_ID", "sandbox-app-id"),
        Credential("QQBOT_SECRET", "sandbox-source-secret-0123456789"),
    ),
    addresses=(Address("QQBOT_API_BASE", "/qqbot"), Address("QQBOT_TOKEN_BASE", "/qqbot")),
    channel=SampleChannel(
        "qqbot",
        "QQ bot",
        {
            "app_id": "${QQBOT_APP_ID}",
            "secret": "${QQBOT_SECRET}",
            "api_base": "${QQBOT_API_BASE:-https://api.sgroup.qq.com}",
            "token_base": "${QQBOT_TOKEN_BASE:-https://bots.qq.com}",
        },
    ),
    blueprint=api.blueprint,
    look=Look("#0b7bc1", dark_accent="#7cc4f2", on_dark_accent="#0a2435"),
    identities=identities,
    lifetimes=api.LIFETIMES,
    expired=api.EXPIRED_ANSWERS,
    first_message=f'qqbot --to open_id:{api.open_id(PEOPLE[0])}/ROBOT1.0_first --text "Hello"',
)
