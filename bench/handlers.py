"""The background routes that the measured gateway matches: one for each event, doing nothing."""

from __future__ import annotations

from app.core.values import Event
from app.handlers import Context, Router
from bench.accounts import CALLBACK_TYPE, FEISHU_TYPE, SOURCE, SOURCE_TYPE

router = Router()


@router.on("callback", CALLBACK_TYPE)
def take_callback(event: Event, context: Context) -> None:
    """Do nothing."""


@router.on("feishu", FEISHU_TYPE)
def take_feishu(event: Event, context: Context) -> None:
    """Do nothing."""


@router.on("wechat", "message.text")
def take_wechat(event: Event, context: Context) -> None:
    """Do nothing."""


@router.on(SOURCE, SOURCE_TYPE)
def take_source(event: Event, context: Context) -> None:
    """Do nothing."""
