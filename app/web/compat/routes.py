"""The routes of all habits under /compat/<habit>/, and the one-line form /send/<app_key>; a key is their only credential."""

from __future__ import annotations

from flask import Blueprint, Response

from app.pipeline.services import Services
from app.web.compat.apprise import add_apprise
from app.web.compat.bark import add_bark
from app.web.compat.gotify import add_gotify
from app.web.compat.message_pusher import add_message_pusher
from app.web.compat.pushplus import add_pushplus
from app.web.compat.serverchan import add_serverchan, take
from app.web.compat.wxpusher import add_wxpusher
from app.web.openapi.described import JSON, Answer, Proof, described


def compat_blueprint(services: Services) -> Blueprint:
    """Return the routes of other programs' habits."""
    blueprint = Blueprint("compat", __name__, url_prefix="/compat")
    for add in (
        add_serverchan,
        add_message_pusher,
        add_pushplus,
        add_wxpusher,
        add_bark,
        add_gotify,
        add_apprise,
    ):
        add(blueprint, services)
    return blueprint


def one_line_blueprint(services: Services) -> Blueprint:
    """Return the one-line form; its answers are those of Server酱, whose fields it has."""
    blueprint = Blueprint("one_line", __name__)

    @blueprint.route("/send/<key>", methods=["GET", "POST"])
    @described(
        "Keys for programs",
        {200: Answer(JSON)},
        refusals={400: "*", 401: "*", 403: "*", 413: "*", 415: "*"},
        proof=Proof.KEY,
    )
    def one_line(key: str) -> Response:
        """Take a message for everybody bound to an app, or for a key of the file."""
        return take(services, key)

    return blueprint
