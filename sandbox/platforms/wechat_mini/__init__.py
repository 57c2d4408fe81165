"""Simulated Mini Program: what it pushes. Its login and token calls are those of the one simulated WeChat."""

from __future__ import annotations

from typing import Any

from sandbox.people import PEOPLE, Person
from sandbox.platforms.wechat_mini import credentials
from sandbox.platforms.wechat_mini.firing import CALLBACKS, open_id, open_id_of
from sandbox.settings import SandboxSettings
from sandbox.simulated import Look, Simulated
from sandbox.words import Words


def identities(person: Person, settings: SandboxSettings) -> dict[str, Any]:
    """Names a person's identifiers for tests and tools."""
    return {"wechat_mini_open_id": open_id(person, settings)}


SIMULATED = Simulated(
    slug="wechat-mini",
    title=Words("WeChat Mini Program", "微信小程序"),
    place=45,
    credentials=credentials.CREDENTIALS,
    addresses=credentials.ADDRESSES,
    channel=credentials.CHANNEL,
    callbacks=CALLBACKS,
    look=Look("#18794b", dark_accent="#5cc596", on_dark_accent="#0e2018"),
    identities=identities,
    first_message=f'wechat-mini --to open_id:{open_id_of(PEOPLE[0], credentials.APP_ID)} --text "Hello"',
)
