"""Your handlers: what happens when an event arrives. Nothing is registered yet; take the # off the lines below.

Every module of this folder is loaded that has a `router`. A route is stored as handlers.<file>.<function>, so renaming one
leaves what still waits for it without a handler. docs/contract.md, section 6, has the rest.
"""

from __future__ import annotations

from app.handlers import Router

router = Router()

# Add to the import above: Context, Event, and for errors PermanentError, Postponed.
#
#
# @router.on("wechat", "subscribe")                  # channel or platform, then the event's type; both may hold *
# def welcome(event: Event, context: Context) -> None:
#     """Run in the background, at least once: an exception is tried again, twelve times over a day."""
#     print(event.id, event.type, event.data)
#
#
# @router.on("callback", "payment_notify", transactional=True)
# def paid(event: Event, context: Context) -> None:
#     """Write with context.tx: it commits together with the event's success, so this happens exactly once."""
#
#
# @router.on("callback", "user_authorized", inline=True)
# def authorized(event: Event, context: Context) -> dict[str, object]:
#     """Run before the answer; what is returned is told to the caller."""
#     return {"user_id": event.subject}
