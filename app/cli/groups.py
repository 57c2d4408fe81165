"""Every command group of `flask`, in one list."""

from __future__ import annotations

from flask import Flask

from app.cli.bans import bans_group
from app.cli.channels import channels_group
from app.cli.database import database_group
from app.cli.dead_letters import dead_letters_group
from app.cli.destinations import destinations_group
from app.cli.events import events_group
from app.cli.keys import keys_group
from app.cli.people import people_group
from app.cli.presets import presets_group
from app.cli.prune import prune_command
from app.cli.sandbox import sandbox_group
from app.cli.serve import serve_command, worker_command
from app.cli.sources import sources_group
from app.cli.tokens import tokens_group
from app.pipeline.services import Services


def register_commands(app: Flask) -> None:
    """Add the commands of CONTRACT §2 to `flask`."""
    services: Services = app.extensions["callgate"]
    app.cli.add_command(serve_command(services))
    app.cli.add_command(worker_command(services))
    app.cli.add_command(prune_command(services))
    for make in (
        database_group,
        channels_group,
        presets_group,
        sources_group,
        events_group,
        dead_letters_group,
        destinations_group,
        bans_group,
        tokens_group,
        people_group,
        keys_group,
        sandbox_group,
    ):
        app.cli.add_command(make(services))
