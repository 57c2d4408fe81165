"""The chat view: every conversation that simulated platforms were told to deliver messages into, as a person finds it.

It shows what `sandbox.inbox` holds and names no platform; colours come from each platform's look, markup comes drawn from its
folder. The pages look for new messages by themselves and work without scripts as well.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from sandbox.inbox import Delivered
from sandbox.platforms import by_name, by_slug, simulated_platforms
from sandbox.simulated import Simulated
from sandbox.state import current_state
from sandbox.words import say

blueprint = Blueprint("inbox", __name__, url_prefix="/inbox")

MOST_SHOWN = 200
LONGEST_PREVIEW = 90


@dataclass(frozen=True)
class Conversation:
    """One conversation as the list shows it."""

    platform: str
    name: str
    title: str
    last: Delivered
    count: int


@blueprint.get("")
def home() -> str:
    """Shows all conversations, and on a wide screen the one that spoke last."""
    found = conversations()
    return _page(found, found[0] if found else None, is_chosen=False)


@blueprint.get("/<platform>/<path:conversation>")
def conversation(platform: str, conversation: str) -> str:
    """Shows one conversation."""
    found = conversations()
    chosen = next((each for each in found if (each.platform, each.name) == (platform, conversation)), None)
    if chosen is None:
        abort(404)
    return _page(found, chosen, is_chosen=True)


@blueprint.get("/version")
def version() -> Response:
    """Tells a page whether there is anything new."""
    response = jsonify(version=current_state().inbox.version)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/clear")
def clear() -> AnyResponse:
    """Forgets every message."""
    current_state().inbox.clear()
    return redirect(url_for("inbox.home"), code=303)


def conversations() -> list[Conversation]:
    """Returns every conversation, the one that spoke last first."""
    found: dict[tuple[str, str], Conversation] = {}
    for each in current_state().inbox.of():
        key = (each.platform, each.conversation)
        before = found.pop(key, None)
        found[key] = Conversation(*key, each.conversation_title, each, before.count + 1 if before else 1)
    return list(reversed(found.values()))


def _page(found: list[Conversation], chosen: Conversation | None, *, is_chosen: bool) -> str:
    inbox = current_state().inbox
    kept = inbox.of(chosen.platform, chosen.name) if chosen else []
    return render_template(
        "inbox.html",
        version=inbox.version,
        conversations=found,
        chosen=chosen,
        is_chosen=is_chosen,
        messages=kept[-MOST_SHOWN:],
        left_out=max(0, len(kept) - MOST_SHOWN),
        platform_of=platform_of,
        preview=preview,
        heading_of=heading_of,
        unseen_mentions=unseen_mentions,
        clock=clock,
        day=day,
        raw=raw,
        examples=[each.first_message for each in simulated_platforms() if each.first_message],
    )


def platform_of(word: str) -> Simulated:
    """Returns the platform that a message names by its slug or its name."""
    found = by_slug().get(word) or by_name().get(word)
    if found is None:
        raise KeyError(word)
    return found


def heading_of(message: Delivered) -> str:
    """Returns the heading, nothing where the text begins with it."""
    is_repeated = words_of(message).startswith(" ".join(message.heading.split()))
    return "" if is_repeated else message.heading


def unseen_mentions(message: Delivered) -> list[str]:
    """Returns whom a message mentions beside its text."""
    names = [each.lstrip("@") for each in message.mentions]
    return [name for name in names if f"@{name}" not in message.text]


def words_of(message: Delivered) -> str:
    """Returns the text as it is read, without its markup."""
    if message.drawn is None:
        return " ".join(message.text.split())
    apart = message.drawn.replace("><", Markup("> <")).replace("<br>", Markup(" "))
    return " ".join(apart.striptags().split())


def preview(message: Delivered) -> str:
    """Returns the first words of a message."""
    text = f"{heading_of(message)} {words_of(message)}".strip()
    return text if len(text) <= LONGEST_PREVIEW else text[: LONGEST_PREVIEW - 1] + "…"


def clock(at: float) -> str:
    """Returns the time of day on this machine."""
    return _here(at).strftime("%H:%M:%S")


def day(at: float) -> str:
    """Returns the date on this machine, as a reader of the page's language writes it."""
    moment = _here(at)
    return say(f"{moment:%A}, {moment.day} {moment:%B %Y}", f"{moment.year}年{moment.month}月{moment.day}日")


def raw(message: Delivered) -> str:
    """Returns the request's body, laid out for reading."""
    return json.dumps(message.raw, ensure_ascii=False, indent=2, default=str)


def _here(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC).astimezone()
