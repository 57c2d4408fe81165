"""The WSGI entry: the program `flask` finds it by itself, other servers load `app`.

`flask serve` uses app.serving.process:create_serving_app. For our own commands the gateway is loaded when one needs it.
"""

from __future__ import annotations

import click

from app.cli.collector import resting_collector
from app.config.environment import take_back_dotenv

context = click.get_current_context(silent=True)
if context is not None:
    take_back_dotenv()

# Flask asks in its outermost context for commands of ours; its own (`flask run`, `flask routes`) want the whole application.
if context is not None and context.parent is None:
    from app.cli.command_line import command_line

    app = command_line()
else:
    with resting_collector():
        from app.cli.loading import whole_app

        app = whole_app()
