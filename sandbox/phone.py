"""The simulated phone: scans QR codes, follows and unfollows an account, writes to it.

It fires the events a real phone would cause and shows what the gateway answered, with the patience of the platform:
some seconds, some deliveries, then a notice. Which platforms have such a chat, and what its events are, is said by
their folders.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sandbox.consent import PHONE_OWNER_COOKIE, problem_page
from sandbox.fire import build, send
from sandbox.people import PEOPLE, Person, find_person
from sandbox.platforms import simulated_platforms
from sandbox.simulated import Action, Chat, Order, Simulated
from sandbox.state import Bubble, QrTicket, SandboxState, current_state
from sandbox.words import say

blueprint = Blueprint("phone", __name__, url_prefix="/phone")


def chatting_platforms() -> list[Simulated]:
    """Returns the platforms that have a chat on the phone."""
    return [platform for platform in simulated_platforms() if platform.chat is not None]


def chosen_platform(name: str) -> Simulated:
    """Returns the platform of this name, or the first one that has a chat; raises ValueError where none has."""
    chatting = chatting_platforms()
    if not chatting:
        raise ValueError("no simulated platform has a chat")
    return next((platform for platform in chatting if platform.name == name), chatting[0])


@blueprint.get("")
def home() -> AnyResponse:
    """Shows the chat of one person with an account."""
    state = current_state()
    owner, platform = _owner(), chosen_platform(request.args.get("platform", ""))
    chat = _chat(platform)
    page = render_template(
        "phone.html",
        owner=owner,
        people=PEOPLE,
        platform=platform,
        platforms=chatting_platforms(),
        chat=chat,
        bubbles=state.chat(platform.name, owner),
        follows=owner.key in state.followers(platform.name),
        identifier=chat.identifier(owner, state.settings),
    )
    return _remember(Response(page), owner)


@blueprint.get("/find")
def find() -> AnyResponse:
    """Finds a QR code by whatever a person pasted: address, ticket or scene."""
    ticket = current_state().find_ticket(request.args.get("q", ""))
    if ticket is None:
        return problem_page(say("No such QR code", "找不到这个二维码"), "404", "", 404)
    return redirect(url_for("phone.scan", ticket=ticket.short), code=302)


@blueprint.get("/scan/<path:ticket>")
def scan(ticket: str) -> AnyResponse:
    """Shows what the phone shows after scanning a code."""
    state = current_state()
    found = state.find_ticket(ticket)
    if found is None:
        return problem_page(say("No such QR code", "找不到这个二维码"), "404", "", 404)
    owner, platform = _owner(), chosen_platform(found.platform)
    chat = _chat(platform)
    page = render_template(
        "scan.html",
        owner=owner,
        people=PEOPLE,
        platform=platform,
        chat=chat,
        ticket=found,
        expired=found.expires_at <= state.now(),
        followers=set(state.followers(platform.name)),
        account=chat.account(state.settings),
    )
    return _remember(Response(page), owner)


@blueprint.post("/act")
def act() -> AnyResponse:
    """Does what the person pressed: scan, text, click, follow or unfollow."""
    state = current_state()
    owner, platform = _owner(), chosen_platform(request.form.get("platform", ""))
    action = request.form.get("action", "")
    ticket = state.find_ticket(request.form.get("ticket", "")) if request.form.get("ticket") else None
    if action == "scan" and ticket is not None:
        platform = chosen_platform(ticket.platform)
        scan_as(state, owner, ticket)
    elif action in _presses(platform):
        deliver(state, platform, owner, Action(action))
        if action == "unfollow":
            state.say(platform.name, owner, Bubble("notice", say("Unfollowed", "已取消关注")))
    elif action == "text" and request.form.get("text", "").strip():
        text = request.form["text"].strip()
        state.say(platform.name, owner, Bubble("me", text))
        deliver(state, platform, owner, Action("text", text=text))
    elif action == "rest" and not _chat(platform).has_followers:
        deliver(state, platform, owner, Action("rest", text=request.form.get("unfinished", "")))
    return redirect(url_for("phone.home", person=owner.key, platform=_named(platform)), code=303)


def scan_as(state: SandboxState, person: Person, ticket: QrTicket) -> list[dict[str, Any]]:
    """Scans a code: somebody who does not follow the account yet follows it thereby."""
    platform = chosen_platform(ticket.platform)
    if ticket.expires_at <= state.now():
        # An expired code only opens the account's page; no scene reaches the server.
        state.say(platform.name, person, Bubble("notice", say("The QR code has expired", "二维码已过期")))
        return []
    with state.lock:
        follows = person.key in state.followers(platform.name)
        if not follows:
            state.scanned(platform.name)[person.key] = ticket.scene
    return deliver(state, platform, person, Action("scan", ticket=ticket, follows=follows))


def deliver(state: SandboxState, platform: Simulated, person: Person, action: Action) -> list[dict[str, Any]]:
    """Delivers the event of an action with the platform's patience and puts the answer into the chat."""
    chat = _chat(platform)
    event_type, fields = chat.event(action)
    order = Order(platform.channel.name, event_type, platform.slug, person=person.key, data=fields)
    outgoing = build(state, order)
    results: list[dict[str, Any]] = []
    for _ in range(chat.deliveries):
        results.append(send(state, outgoing, order, chat.patience_seconds))
        if results[-1]["status"] == 200:
            break
    bubble = _answer(chat, order, results, is_leaving=action.kind == "unfollow")
    state.say(platform.name, person, bubble)
    return results


def _answer(chat: Chat, order: Order, results: list[dict[str, Any]], *, is_leaving: bool) -> Bubble:
    last = results[-1]
    detail = f"{order.type} → {last['status']} · {last['milliseconds']} ms · ×{len(results)}"
    if is_leaving:
        return Bubble("notice", "", detail)
    if last["status"] != 200 or "reply_problem" in last:
        return Bubble("notice", say(*chat.failure), detail + " " + str(last.get("reply_problem", "")))
    if "reply" in last:
        return Bubble("account", chat.reply_text(last["reply"]), detail, chat.unfinished(last["reply"]))
    return Bubble("notice", "", detail)


def _presses(platform: Simulated) -> tuple[str, ...]:
    return ("follow", "unfollow", "click") if _chat(platform).has_followers else ("open",)


def _chat(platform: Simulated) -> Chat:
    assert platform.chat is not None
    return platform.chat


def _named(platform: Simulated) -> str | None:
    """Returns the name for an address, None where there is nothing to choose from."""
    return platform.name if len(chatting_platforms()) > 1 else None


def _owner() -> Person:
    asked = request.values.get("person", "") or request.cookies.get(PHONE_OWNER_COOKIE, "")
    return find_person(asked) or PEOPLE[0]


def _remember(response: Response, owner: Person) -> Response:
    response.set_cookie(PHONE_OWNER_COOKIE, owner.key, httponly=True, samesite="Lax")
    return response


@blueprint.errorhandler(ValueError)
def nothing_to_show(error: ValueError) -> Response:
    """Says that there is nothing to chat with."""
    return problem_page(str(error), "404", "", 404)
