"""Puts the simulator together: blueprints, the record of calls, faults, page headers.

The only place where faults meet requests. A platform's rules stay in its folder.
"""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, abort, g, render_template, request
from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader
from werkzeug.exceptions import HTTPException

from sandbox import consent, control, inbox_pages, landing, phone
from sandbox.credentials import read_settings
from sandbox.faults import AFTER, BEFORE, INSTEAD, Fault, answer_instead, spoil
from sandbox.platforms import by_name, simulated_platforms
from sandbox.settings import SandboxSettings
from sandbox.simulated import Simulated
from sandbox.sources import pages as source_pages
from sandbox.state import Call, SandboxState, current_state
from sandbox.words import LANGUAGE_COOKIE, LANGUAGES, language, say

LARGEST_BODY = 32 * 1024 * 1024
PLATFORMS = Path(__file__).parent / "platforms"
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
)
LIVE_PAGES = "; script-src 'self'; connect-src 'self'"
"""What the pages add that look for new messages by themselves."""


def create_sandbox(settings: SandboxSettings | None = None) -> Flask:
    """Builds the simulator; its memory is `app.extensions["sandbox"]`."""
    app = Flask("sandbox", template_folder="pages", static_folder="pages/static", static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.extensions["sandbox"] = _memory(settings or read_settings({}))
    for module in (landing, control, consent, phone, inbox_pages, source_pages):
        app.register_blueprint(module.blueprint)
    _add_platforms(app)
    app.before_request(_refuse_foreign_forms)
    app.before_request(_record_and_fault)
    app.after_request(_spoil_and_finish)
    app.register_error_handler(HTTPException, _http_error)
    app.context_processor(_page_words)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    return app


def _memory(settings: SandboxSettings) -> SandboxState:
    platforms = simulated_platforms()
    lifetimes = {
        f"{each.name}.{kind}": seconds for each in platforms for kind, seconds in each.lifetimes.items()
    }
    return SandboxState(settings, lifetimes, [switch for each in platforms for switch in each.switches])


def _add_platforms(app: Flask) -> None:
    """Adds each platform's routes, and its templates as `name/template.html`."""
    for platform in simulated_platforms():
        for blueprint in (platform.blueprint, *platform.controls):
            if blueprint is not None:
                app.register_blueprint(blueprint)
    own = {name: FileSystemLoader(PLATFORMS / name) for name in by_name()}
    shared = FileSystemLoader(Path(__file__).parent / "pages")
    app.jinja_loader = ChoiceLoader([shared, PrefixLoader(own)])


def _page_words() -> dict[str, object]:
    """Gives every page its language, and the links that change it."""

    def language_link(wish: str) -> str:
        given = request.args.to_dict() if request.method == "GET" else {}
        path = request.path if request.method == "GET" else "/"
        return f"{path}?{urlencode({**given, 'lang': wish})}"

    return {
        "say": say,
        "language": language(),
        "language_is_zh": lambda: language() == "zh",
        "language_link": language_link,
    }


def _refuse_foreign_forms() -> None:
    """Refuses a form that another site's page sends with the visitor's browser."""
    origin = request.headers.get("Origin")
    is_ours = request.blueprint is not None and request.blueprint not in by_name()
    if is_ours and request.method == "POST" and origin and urlsplit(origin).netloc != request.host:
        abort(403)


def _record_and_fault() -> Response | None:
    """Records a platform call and gives a scripted answer instead of the real one."""
    g.fault = None
    endpoint = request.endpoint or ""
    platform = by_name().get(request.blueprint or "")
    if platform is None:
        return None
    state = current_state()
    request.get_data(cache=True)  # Before anything parses a form, or the raw bytes are gone.
    g.call = Call(
        endpoint=endpoint,
        method=request.method,
        path=request.path,
        headers=dict(request.headers),
        query=request.args.to_dict(),
        form=request.form.to_dict(),
        json=request.get_json(silent=True, force=True) if request.method == "POST" else None,
        at=state.now(),
    )
    state.record(g.call)
    body = g.call.json if isinstance(g.call.json, dict) else {}
    fields = {**g.call.query, **g.call.form, **body}
    fault = state.faults.take(endpoint, (*INSTEAD, *BEFORE, *AFTER), fields)
    if fault is None:
        return None
    if fault.kind in INSTEAD:
        return answer_instead(fault, endpoint, platform.expired)
    if fault.kind == "hang" and not fault.options.get("after"):
        state.closing.wait(float(fault.options.get("seconds", 30)))
        return None
    g.fault = fault
    return None


def _spoil_and_finish(response: Response) -> Response:
    """Spoils the answer if that was scripted, and adds the headers of a page."""
    fault: Fault | None = getattr(g, "fault", None)
    state = current_state()
    if fault is not None and fault.kind == "hang":
        state.closing.wait(float(fault.options.get("seconds", 30)))
    elif fault is not None:
        response = spoil(fault, response, state.closing)
    if hasattr(g, "call"):
        g.call.status = response.status_code
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if response.mimetype in ("text/html", "image/svg+xml"):
        live = LIVE_PAGES if request.blueprint == inbox_pages.blueprint.name else ""
        response.headers["Content-Security-Policy"] = PAGE_POLICY + live
    wish = request.args.get("lang")
    if wish in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, str(wish), httponly=True, samesite="Lax")
    return response


def _http_error(error: HTTPException) -> Response:
    """Answers unknown addresses as the platform would, and people with a page."""
    status = error.code or 500
    platform = next((each for each in simulated_platforms() if _is_below(each)), None)
    if platform is not None and platform.refusal is not None:
        answer = platform.refusal(status)
        if answer is not None:
            return answer
    elif platform is not None or request.path.startswith("/_sandbox/"):
        return Response(
            f'{{"error":"http_{status}"}}', status=status, content_type="application/json; charset=utf-8"
        )
    page = render_template("problem.html", title=_title(error), code=str(status), detail="")
    return Response(page, status=status)


def _title(error: HTTPException) -> str:
    """Words an error for a person; rare ones keep their English name."""
    return say("Nothing is here", "页面不存在") if error.code == HTTPStatus.NOT_FOUND else error.name


def _is_below(platform: Simulated) -> bool:
    prefix = platform.blueprint.url_prefix if platform.blueprint is not None else None
    return prefix is not None and request.path.startswith(f"{prefix}/")
