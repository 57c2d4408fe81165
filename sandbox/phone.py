"""The simulated phone: scans QR codes, follows and unfollows the account, writes to it.

It fires the callbacks a real phone would cause and shows what the gateway answered, with WeChat's own
patience: five seconds, three deliveries, then a notice that the service is faulty.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sandbox.consent import PHONE_OWNER_COOKIE, problem_page
from sandbox.fire import Order, build, send
from sandbox.people import PEOPLE, Person, find_person
from sandbox.state import Bubble, QrTicket, SandboxState, current_state
from sandbox.words import say

blueprint = Blueprint("phone", __name__, url_prefix="/phone")

PATIENCE_SECONDS = 5.0
DELIVERIES = 3


@blueprint.get("")
def home() -> AnyResponse:
    """Shows the chat of one person with the official account."""
    state = current_state()
    owner = _owner()
    page = render_template(
        "phone.html",
        owner=owner,
        people=PEOPLE,
        bubbles=state.chat(owner),
        follows=owner.key in state.followers,
        open_id=owner.wechat_open_id(state.settings.wechat_app_id),
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
    owner = _owner()
    page = render_template(
        "scan.html",
        owner=owner,
        people=PEOPLE,
        ticket=found,
        expired=found.expires_at <= state.now(),
        followers=set(state.followers),
        account=state.settings.wechat_original_id,
    )
    return _remember(Response(page), owner)


@blueprint.post("/act")
def act() -> AnyResponse:
    """Does what the person pressed: scan, text, click, follow or unfollow."""
    state = current_state()
    owner = _owner()
    action = request.form.get("action", "")
    ticket = state.find_ticket(request.form.get("ticket", "")) if request.form.get("ticket") else None
    if action == "scan" and ticket is not None:
        scan_as(state, owner, ticket)
    elif action == "follow":
        deliver(state, owner, "subscribe", {})
    elif action == "unfollow":
        deliver(state, owner, "unsubscribe", {})
        state.say(owner, Bubble("notice", say("Unfollowed", "已取消关注")))
    elif action == "click":
        deliver(state, owner, "CLICK", {})
    elif action == "text" and request.form.get("text", "").strip():
        text = request.form["text"].strip()
        state.say(owner, Bubble("me", text))
        deliver(state, owner, "message.text", {"Content": text})
    return redirect(url_for("phone.home", person=owner.key), code=303)


def scan_as(state: SandboxState, person: Person, ticket: QrTicket) -> list[dict[str, Any]]:
    """Scans a code: a follower causes `SCAN`, anybody else follows and causes `subscribe`."""
    if ticket.expires_at <= state.now():
        # An expired code only opens the account's page; no scene reaches the server.
        state.say(person, Bubble("notice", say("The QR code has expired", "二维码已过期")))
        return []
    with state.lock:
        follows = person.key in state.followers
        if not follows:
            state.scanned[person.key] = ticket.scene
    if follows:
        return deliver(state, person, "SCAN", {"EventKey": ticket.scene, "Ticket": ticket.ticket})
    fields = {"EventKey": f"qrscene_{ticket.scene}", "Ticket": ticket.ticket}
    return deliver(state, person, "subscribe", fields)


def deliver(
    state: SandboxState, person: Person, event_type: str, fields: dict[str, Any]
) -> list[dict[str, Any]]:
    """Delivers one event with WeChat's patience and puts the answer into the chat."""
    order = Order("wechat", event_type, "wechat", person=person.key, data=fields)
    outgoing = build(state, order)
    results: list[dict[str, Any]] = []
    for _ in range(DELIVERIES):
        results.append(send(state, outgoing, order, PATIENCE_SECONDS))
        if results[-1]["status"] == 200:
            break
    _show_answer(state, person, event_type, results)
    return results


def _show_answer(state: SandboxState, person: Person, event_type: str, results: list[dict[str, Any]]) -> None:
    last = results[-1]
    detail = f"{event_type} → {last['status']} · {last['milliseconds']} ms · ×{len(results)}"
    if event_type == "unsubscribe":
        state.say(person, Bubble("notice", "", detail))
    elif last["status"] != 200 or "reply_problem" in last:
        fault = say(
            "The service of this account is faulty, try again later",
            "该公众号提供的服务出现故障，请稍后再试",
        )
        state.say(person, Bubble("notice", fault, detail + " " + str(last.get("reply_problem", ""))))
    elif "reply" in last:
        state.say(person, Bubble("account", _reply_text(last["reply"]), detail))
    else:
        state.say(person, Bubble("notice", "", detail))


def _reply_text(reply: dict[str, Any]) -> str:
    if reply.get("MsgType") == "text":
        return str(reply.get("Content") or "")
    return f"[{reply.get('MsgType')}]"


def _owner() -> Person:
    asked = request.values.get("person", "") or request.cookies.get(PHONE_OWNER_COOKIE, "")
    return find_person(asked) or PEOPLE[0]


def _remember(response: Response, owner: Person) -> Response:
    response.set_cookie(PHONE_OWNER_COOKIE, owner.key, httponly=True, samesite="Lax")
    return response
