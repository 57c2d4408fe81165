"""The WSGI entry: `flask` finds it by itself; `flask serve` uses app.serving.process:create_serving_app."""

from __future__ import annotations

from app.cli.groups import register_commands
from app.core.errors import ConfigurationError
from app.factory import create_app

try:
    app = create_app()
except ConfigurationError as error:
    faults = "\n".join(f"  - {fault}" for fault in error.faults)
    raise SystemExit(f"The configuration cannot be used:\n{faults}") from None
register_commands(app)
