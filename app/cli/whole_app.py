"""The whole application for whoever starts one by its name: `flask` and other WSGI servers."""

from __future__ import annotations

from flask import Flask

from app.core.errors import ConfigurationError
from app.factory import create_app


def whole_app() -> Flask:
    """Make the application; a configuration that cannot be used ends the program with every fault."""
    try:
        return create_app()
    except ConfigurationError as error:
        faults = "\n".join(f"  - {fault}" for fault in error.faults)
        raise SystemExit(f"The configuration cannot be used:\n{faults}") from None
