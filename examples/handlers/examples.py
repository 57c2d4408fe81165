"""Example handlers for the unified envelope and a WeChat welcome; change or delete them.

`make run` writes this file into handlers/ for development. A change takes effect by itself within a few seconds.
"""

from __future__ import annotations

from typing import Any

import structlog

from app.handlers import Context, Event, Router

router = Router()
log = structlog.get_logger(__name__)


@router.on("callback", "user_authorized", inline=True)
def user_authorized(event: Event, context: Context) -> dict[str, Any]:
    """Answer with the user the caller told us about; inline, so the caller sees the result."""
    return {"user_id": event.subject}


@router.on("callback", "payment_notify")
def payment_notify(event: Event, context: Context) -> None:
    """Note a payment; background, so it runs at least once and is retried."""
    log.info("payment_noted", event_id=event.id, attempt_number=context.attempt)


@router.on("callback", "webhook_message")
def webhook_message(event: Event, context: Context) -> None:
    """Note a message."""
    log.info("message_noted", event_id=event.id, attempt_number=context.attempt)


@router.on("commands", "PING")
def ping(event: Event, context: Context) -> dict[str, Any]:
    """Answer a command; what is returned here is told to its callbackUrl."""
    return {"pong": event.data["payload"]}


@router.on("wechat", "message.text", inline=True)
def thank_for_text(event: Event, context: Context) -> str | None:
    """Thank a follower for a text; texts that carry a bind code are answered by the gateway itself."""
    content = str(event.data.get("Content") or "").strip()
    if content.lower().startswith(("bind", "绑定")):
        return None
    return f"收到 · Received: {content[:100]}"


@router.on("wechat", "subscribe")
def note_follower(event: Event, context: Context) -> None:
    """Note a new follower in the background."""
    log.info("follower_noted", event_id=event.id, attempt_number=context.attempt)


@router.on("feishu", "*")
def note_feishu(event: Event, context: Context) -> None:
    """Note whatever Feishu sends."""
    log.info("feishu_event_noted", event_id=event.id, event_type=event.type, attempt_number=context.attempt)
