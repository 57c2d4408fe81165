"""The routes of the relay (CONTRACT §9c): the platforms' own token routes, and everything that is passed on.

What comes from a platform is handed on from this gateway's address, so no browser may take it for a page of ours.
"""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from flask import Blueprint, Response, g, jsonify, request

from app.core.errors import CallgateError, UpstreamError
from app.core.relay import TokenForm
from app.core.values import Reply
from app.pipeline.api_tokens import find_caller
from app.pipeline.relay.admission import NotProven, RelayTokenEnded, admit_call
from app.pipeline.relay.call import RelayedAnswer, relay
from app.pipeline.relay.token_forms import relay_token_answer, token_form
from app.pipeline.services import Services
from app.security.relay_client import METHODS
from app.web.callbacks.relayed_heads import head_of
from app.web.callbacks.spooled_bodies import SpooledBody, read_spooled
from app.web.errors import trace_id
from app.web.guards import json_body, no_token, note_wrong_token
from app.web.limits import PASSED_ON
from app.web.openapi.described import Answer, described

log = structlog.get_logger(__name__)

NO_PAGE = "default-src 'none'; sandbox; frame-ancestors 'none'"
TELLS_CALL = described(
    "Relay",
    {200: Answer("*/*")},
    refusals={
        400: "bad_path bad_query identity_needed *",
        401: "login_required *",
        403: "path_not_allowed other_channel *",
        404: "unknown_channel *",
        408: "body_too_slow",
        413: "body_too_large",
        502: "upstream_unavailable *",
        504: "upstream_unavailable *",
    },
)


def relay_blueprint(services: Services) -> Blueprint:
    """Return the routes of the relay."""
    blueprint = Blueprint("relay", __name__)

    @blueprint.route("/relay/<channel>/<path:path>", methods=sorted(METHODS), provide_automatic_options=False)
    @TELLS_CALL
    def call(channel: str, path: str) -> Response:  # noqa: ARG001 - read from the environment, before it was decoded twice
        """Answer a platform's own token route with a relay token; pass everything else on."""
        head = head_of(request.environ)
        form = token_form(services, channel, head.method, head.path)
        if form is not None:
            return _token_answer(services, channel, form)
        try:
            admitted = admit_call(services, head)
        except RelayTokenEnded as ended:
            return _own_words(ended.reply)
        except NotProven:
            note_wrong_token(services)
            raise
        g.setdefault(PASSED_ON, True)
        spool = read_spooled(request.environ)
        try:
            answer = relay(services, admitted, spool.as_body, trace_id=trace_id())
        except CallgateError:
            spool.close()
            raise
        return _passed_on(answer, spool)

    return blueprint


def _token_answer(services: Services, channel: str, form: TokenForm) -> Response:
    """Prove the caller by the API token that stands where the app secret would, and answer in the platform's form."""
    given = json_body().get(form.secret) if form.in_body else request.args.get(form.secret)
    caller = find_caller(services, given) if isinstance(given, str) else None
    if caller is None:
        raise no_token(services)
    response = jsonify(dict(relay_token_answer(services, caller, channel, form)))
    response.headers["Cache-Control"] = "no-store"
    return response


def _own_words(reply: Reply) -> Response:
    g.setdefault(PASSED_ON, True)
    return Response(reply.body, status=reply.status, content_type=reply.content_type)


def _passed_on(answer: RelayedAnswer, spool: SpooledBody) -> Response:
    """Hand an answer on while it arrives; it is closed when it is over, or when the caller is gone."""

    def pieces() -> Iterator[bytes]:
        try:
            yield from answer.pieces
        except UpstreamError as error:
            # The head is out already: an end before the length that it names is all a caller can be told.
            log.warning("relayed_answer_broke_off", error=error.code)

    def close() -> None:
        answer.close()
        spool.close()

    response = Response(pieces(), status=answer.status)
    response.headers.clear()
    for name, value in answer.headers:
        response.headers.add(name, value)
    response.headers["Content-Security-Policy"] = NO_PAGE
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.call_on_close(close)
    return response
