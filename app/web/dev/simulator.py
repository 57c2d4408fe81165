"""The platform simulator as the development page uses it: its samples, firing one, its pages. Nothing is signed here."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson
from flask_babel import gettext as _

from app.core.errors import RefusedError, RequestError, UpstreamError
from app.core.ports import HttpAnswer, WebhookSource
from app.pipeline.services import Services
from app.security.outbound import OutboundClient
from app.web.languages import current_language


class Simulator:
    """The platform simulator, as this gateway's development page uses it."""

    def __init__(self, services: Services):
        self._services = services
        self._url = services.settings.sandbox_url if services.settings.sandbox_is_on else ""
        self._http = OutboundClient(allowed_origins=[self._url] if self._url else [], total_timeout=20.0)

    def samples(self) -> list[dict[str, Any]]:
        """Return each channel the simulator can call, with its samples in the reader's language."""
        offered = self._json("GET", "/_sandbox/samples")
        word = "zh" if current_language().tag.startswith("zh") else "en"
        channels = [
            {
                "channel": channel.name,
                "title": _(channel.title),
                "samples": [
                    {"type": sample["type"], "title": sample["title"][word]}
                    for sample in offered
                    if sample["platform"] == channel.spec.slug
                ],
            }
            for channel in self._services.channels
            if channel.as_capability(WebhookSource) is not None
        ]
        return [channel for channel in channels if channel["samples"]]

    def fire(self, order: dict[str, Any]) -> list[dict[str, Any]]:
        """Send a sample, once or twice, and return status, body and milliseconds of each answer."""
        channel = self._services.channels.get(str(order.get("channel", "")))
        if channel is None:
            raise RequestError("unknown_channel", _("Choose a channel."))
        wanted = {
            "channel": channel.name,
            "platform": channel.spec.slug,
            "type": str(order.get("type", "")),
            "duplicate": 1 if order.get("twice") is True else 0,
            "public_url": self._services.settings.public_base_url,
        }
        answers = self._json("POST", "/_sandbox/fire", wanted)
        return [{name: answer.get(name) for name in ("status", "body", "milliseconds")} for answer in answers]

    def scan_page(self, scene: str) -> str | None:
        """Return the page on which the simulated phone scans a scene."""
        return f"{self._url}/phone/find?q={quote(scene)}" if self._url else None

    def _json(self, method: str, path: str, content: object = None) -> Any:
        if not self._url:
            raise RefusedError(
                "simulator_off", _("The simulator is switched off (SANDBOX=0)."), http_status=503
            )
        try:
            answer = self._http.request(method, self._url + path, json=content)
        except UpstreamError:
            raise RefusedError(
                "simulator_not_running",
                _("The simulator is not running: make run starts it."),
                http_status=503,
            ) from None
        return _parsed(answer)


def _parsed(answer: HttpAnswer) -> Any:
    try:
        content = orjson.loads(answer.body)
    except ValueError:
        content = None
    if answer.status != 200 or not isinstance(content, list):  # noqa: PLR2004
        message = content.get("message") if isinstance(content, dict) else None
        raise RequestError(
            "simulator_refused", message or _("Something else than the simulator answers there.")
        )
    return content
