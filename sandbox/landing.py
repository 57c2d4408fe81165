"""The pages for people: what the simulator offers, firing samples, scripting faults, calls received.

Plain forms, no scripts. The API for tests and tools is in `control`.
"""

from __future__ import annotations

import json

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sandbox.fire import fire, firing_platforms, read_order
from sandbox.people import PEOPLE, avatar_svg, find_person
from sandbox.phone import chatting_platforms
from sandbox.platforms import simulated_platforms
from sandbox.simulated import Preset
from sandbox.sources.files import slugs
from sandbox.state import current_state
from sandbox.words import Words, listed

blueprint = Blueprint("landing", __name__)

CALLS_SHOWN = 50


PRESETS: tuple[Preset, ...] = (
    Preset(
        "busy",
        "*.token",
        "status",
        2,
        {"status": 503},
        Words("Token endpoints answer 503, twice", "令牌接口返回 503（两次）"),
    ),
    Preset(
        "slow",
        "*.token",
        "hang",
        1,
        {"seconds": 8},
        Words("The next token answer takes 8 seconds", "下一次令牌响应延迟 8 秒"),
    ),
    Preset(
        "twice",
        "fire.*",
        "duplicate",
        1,
        {"copies": 1},
        Words("The next event is delivered twice", "下一个事件投递两次"),
    ),
)
"""Faults of any platform; those of one are in its folder."""


def all_presets() -> dict[str, Preset]:
    """Returns every fault that can be set with one press, by the value its button sends."""
    own = {
        f"{platform.name}.{each.key}": each for platform in simulated_platforms() for each in platform.presets
    }
    return {each.key: each for each in PRESETS} | own


def preset_owners() -> dict[str, Words]:
    """Returns the title of the platform that a fault is of, by the same value: several platforms have the same faults."""
    return {
        f"{platform.name}.{each.key}": platform.title
        for platform in simulated_platforms()
        for each in platform.presets
    }


@blueprint.get("/")
def home() -> str:
    """Shows everything on one page."""
    state = current_state()
    logins = [platform for platform in simulated_platforms() if platform.login is not None]
    return render_template(
        "home.html",
        settings=state.settings,
        people=PEOPLE,
        named=listed([platform.named or platform.title for platform in simulated_platforms()]),
        logins=logins,
        chats=chatting_platforms(),
        firing=firing_platforms(),
        sources=len(slugs()),
        presets=all_presets(),
        owners=preset_owners(),
        faults=[json.dumps(fault.as_dict(), ensure_ascii=False) for fault in state.faults.waiting()],
        calls=len(state.calls()),
        messages=len(state.inbox.of()),
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
        results = fire(current_state(), read_order(wanted))
        problem = ""
    except ValueError as error:
        results, problem = [], str(error)
    back = f"/sources?q={platform}" if platform in slugs() else "/#fire"
    return render_template("answers.html", wanted=wanted, results=results, problem=problem, back=back)


@blueprint.post("/faults")
def change_faults() -> AnyResponse:
    """Sets one of the common faults, or clears all."""
    book = current_state().faults
    chosen = all_presets().get(request.form.get("preset", ""))
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


@blueprint.get("/looks.css")
def looks() -> Response:
    """Gives each platform's pages and tile its colours."""
    found = [
        (platform.name, platform.look) for platform in simulated_platforms() if platform.look is not None
    ]
    light = "\n".join(_rule(name, look.accent, look.on_accent) for name, look in found)
    dark = "\n".join(_rule(name, look.dark_accent, look.on_dark_accent) for name, look in found)
    return Response(f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n", mimetype="text/css")


@blueprint.get("/people/<key>.svg")
def avatar(key: str) -> Response:
    """Draws a person's avatar."""
    person = find_person(key)
    if person is None:
        return Response(status=404)
    return Response(avatar_svg(person), mimetype="image/svg+xml")


def _rule(name: str, accent: str, on_accent: str) -> str:
    return f".{name} {{ --accent: {accent}; --on-accent: {on_accent}; }}"


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 1
