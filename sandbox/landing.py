"""The pages for people: what the simulator offers, firing samples, scripting faults, calls received.

Plain forms, no scripts. The API for tests and tools is in `control`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sandbox.events import SAMPLES
from sandbox.fire import PLATFORMS, Order, fire
from sandbox.people import PEOPLE, avatar_svg, find_person
from sandbox.state import current_state

blueprint = Blueprint("landing", __name__)

CALLS_SHOWN = 50


@dataclass(frozen=True)
class Preset:
    """A fault that can be set with one press."""

    key: str
    endpoint: str
    kind: str
    times: int
    options: dict[str, Any]
    title_en: str
    title_zh: str


PRESETS: tuple[Preset, ...] = (
    Preset(
        "busy",
        "*.token",
        "status",
        2,
        {"status": 503},
        "Token endpoints answer 503, twice",
        "令牌接口返回 503（两次）",
    ),
    Preset(
        "expired",
        "oauth2.userinfo",
        "expire_token",
        1,
        {},
        "The access token has expired, once",
        "访问令牌已过期（一次）",
    ),
    Preset(
        "lost",
        "oauth2.token",
        "lost_answer",
        1,
        {},
        "The next token answer is lost on the wire",
        "下一次令牌响应在途中丢失",
    ),
    Preset(
        "slow",
        "*.token",
        "hang",
        1,
        {"seconds": 8},
        "The next token answer takes 8 seconds",
        "下一次令牌响应延迟 8 秒",
    ),
    Preset(
        "html",
        "oauth2.*",
        "raw",
        1,
        {"body": "<html>502 Bad Gateway</html>", "content_type": "text/html"},
        "The next answer is HTML instead of JSON",
        "下一次响应是 HTML 而不是 JSON",
    ),
    Preset(
        "twice",
        "fire.*",
        "duplicate",
        1,
        {"copies": 1},
        "The next event is delivered twice",
        "下一个事件投递两次",
    ),
)


@blueprint.get("/")
def home() -> str:
    """Shows everything on one page."""
    state = current_state()
    return render_template(
        "home.html",
        settings=state.settings,
        people=PEOPLE,
        platforms=PLATFORMS,
        samples=SAMPLES,
        presets=PRESETS,
        faults=[json.dumps(fault.as_dict(), ensure_ascii=False) for fault in state.faults.waiting()],
        calls=len(state.calls()),
    )


@blueprint.post("/fire")
def fire_sample() -> str:
    """Fires one sample and shows the answers."""
    form = request.form
    platform, _, event_type = form.get("sample", "").partition("|")
    wanted = {
        "channel": form.get("channel", "").strip(),
        "platform": platform,
        "type": event_type,
        "count": _number(form.get("count", "1")),
        "duplicate": 1 if form.get("duplicate") else 0,
        "reorder": bool(form.get("reorder")),
        "person": form.get("person", ""),
    }
    try:
        results = fire(current_state(), Order.from_json(wanted))
        return render_template("answers.html", wanted=wanted, results=results, problem="")
    except ValueError as error:
        return render_template("answers.html", wanted=wanted, results=[], problem=str(error))


@blueprint.post("/faults")
def change_faults() -> AnyResponse:
    """Sets one of the common faults, or clears all."""
    book = current_state().faults
    chosen = next((preset for preset in PRESETS if preset.key == request.form.get("preset")), None)
    if chosen is None:
        book.clear()
    else:
        book.add(chosen.endpoint, chosen.kind, chosen.times, **chosen.options)
    return redirect(url_for("landing.home", _anchor="faults"), code=303)


@blueprint.get("/calls")
def show_calls() -> str:
    """Shows the latest calls, without their secrets."""
    latest = current_state().calls()[-CALLS_SHOWN:]
    return render_template("calls.html", calls=list(reversed(latest)))


@blueprint.get("/people/<key>.svg")
def avatar(key: str) -> Response:
    """Draws a person's avatar."""
    person = find_person(key)
    if person is None:
        return Response(status=404)
    return Response(avatar_svg(person), mimetype="image/svg+xml")


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 1
