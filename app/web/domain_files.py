"""The files by which platforms see that this domain is ours, at the root and under `/.well-known/`: those bytes and nothing else.

Which names are allowed is judged where the channels file is read (app/config/domain_files.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, Response

from app.pipeline.services import Services

DOMAIN_FILES = "domain_files"
"""The name of the blueprint."""

TEXT, JSON = "text/plain; charset=utf-8", "application/json"


def domain_files_blueprint(services: Services) -> Blueprint:
    """Return a route for each file of each channel, those that lack their keys included: the file is asked for first."""
    blueprint = Blueprint(DOMAIN_FILES, __name__)
    for name, content in _files(services).items():
        for address in (f"/{name}", f"/.well-known/{name}"):
            blueprint.add_url_rule(
                address, address.replace(".", "-"), _view(name, content), provide_automatic_options=False
            )
    return blueprint


def _files(services: Services) -> Mapping[str, bytes]:
    configs = [channel.config for channel in services.channels]
    configs += [disabled.config for disabled in services.channels.disabled if disabled.config.enabled]
    return {name: content for config in configs for name, content in config.domain_files.items()}


def _view(name: str, content: bytes) -> Callable[[], Response]:
    content_type = _content_type(name, content)
    return lambda: Response(content, content_type=content_type)


def _content_type(name: str, content: bytes) -> str:
    """Return the type by the ending; a name without one (`apple-app-site-association`) is JSON when it begins like that."""
    if name.endswith(".json") or ("." not in name and content.lstrip().startswith(b"{")):
        return JSON
    return TEXT
