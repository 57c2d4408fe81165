"""The page that shows a bind code to the person who is to scan or type it (CONTRACT §8); its key is the only way in."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template
from flask_babel import gettext as _

from app.core.errors import RefusedError
from app.core.states import BindStatus
from app.pipeline.binding.codes import bind_page
from app.pipeline.services import Services
from app.storage.binding.bindcodes import BindCode
from app.web.qr import qr_svg


def bind_page_blueprint(services: Services) -> Blueprint:
    """Return the page of a code, how it stands, and its picture."""
    blueprint = Blueprint("bind_page", __name__)

    @blueprint.get("/bind/<page_key>")
    def page(page_key: str) -> Response:
        """Show a code to the person who is to scan or type it."""
        found = _page_code(services, page_key)
        channel = services.channels.get(found.channel)
        shown = render_template(
            "bind.html",
            bindcode=found,
            channel_title=_(channel.title) if channel is not None else found.channel,
            seconds_left=_seconds_left(services, found),
            has_qr=_has_qr(services, found),
        )
        return _private(Response(shown, mimetype="text/html"))

    @blueprint.get("/bind/<page_key>/status")
    def page_status(page_key: str) -> Response:
        """Say how the code of a page stands, and nothing about who took it."""
        found = _page_code(services, page_key)
        left = _seconds_left(services, found)
        return _private(jsonify({"status": found.status.value, "seconds_left": left}))

    @blueprint.get("/bind/<page_key>/qr.svg")
    def page_qr(page_key: str) -> Response:
        """Draw the QR code here, so that the page needs nothing from elsewhere."""
        found = _page_code(services, page_key)
        if found.qr_content is None or not _has_qr(services, found):
            raise _no_page()
        return _private(Response(qr_svg(found.qr_content), mimetype="image/svg+xml"))

    return blueprint


def _page_code(services: Services, page_key: str) -> BindCode:
    found = bind_page(services, page_key)
    if found is None:
        raise _no_page()
    return found


def _no_page() -> RefusedError:
    return RefusedError("unknown_page", "There is no such bind page; ask for a new code.", http_status=404)


def _seconds_left(services: Services, bindcode: BindCode) -> int:
    return max(0, int((bindcode.expires_at - services.clock.now()).total_seconds()))


def _has_qr(services: Services, bindcode: BindCode) -> bool:
    is_open = bindcode.status is BindStatus.PENDING and bindcode.qr_content is not None
    return is_open and (bindcode.qr_expires_at is None or services.clock.now() < bindcode.qr_expires_at)


def _private(response: Response) -> Response:
    """Keep a page that shows a code out of caches, search engines and other sites' logs."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
