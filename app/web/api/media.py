"""The route of files for messages (docs/contract.md §9a): as a form with one file, or the bytes alone with a name."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify, request

from app.core.errors import RequestError
from app.pipeline.sending.media import UploadWish, upload_medium
from app.pipeline.services import Services
from app.web.callbacks.spooled_bodies import read_spooled
from app.web.callbacks.uploads import MOST_BODY
from app.web.guards import require_token
from app.web.openapi.described import UPSTREAM, described, query
from app.web.openapi.words import OBJECT

FORM = "multipart/form-data"


def media_blueprint(services: Services) -> Blueprint:
    """Return the route of files."""
    blueprint = Blueprint("media_api", __name__, url_prefix="/api/v1")

    @blueprint.post("/media/<channel>")
    @require_token(services, "send")
    @described(
        "Messages",
        {201: OBJECT},
        query=(
            query("name", "The name of the file."),
            query("kind", "What the platform calls such files."),
            query("to", "Whom it is for, where a platform asks."),
            query("account", "Which authorised account, where there are several."),
        ),
        refusals={400: "*", 403: "other_channel", 404: "*", 408: "*", 413: "*", 415: "*"} | UPSTREAM,
    )
    def upload(channel: str) -> tuple[Response, int]:
        """Hand a file to a channel's platform; its id is for messages in the platform's own words."""
        g.api_token.require_channel(channel)
        return jsonify(upload_medium(services, channel, _wish())), 201

    return blueprint


def _wish() -> UploadWish:
    with read_spooled(request.environ, most=MOST_BODY) as spool:
        spool.put_into(request.environ)
        asked = {name: request.args.get(name, "") for name in ("kind", "to", "account")}
        if request.mimetype != FORM:
            content = spool.whole()
            return UploadWish(request.args.get("name", ""), request.mimetype, content, **asked)
        files = [file for _, file in request.files.items(multi=True)]
        if len(files) != 1:
            raise RequestError("bad_media", "The form must hold one file.")
        name = request.args.get("name") or files[0].filename or ""
        return UploadWish(name, files[0].mimetype, files[0].read(), **asked)
