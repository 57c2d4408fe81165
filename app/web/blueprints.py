"""Every blueprint, in one list; what only development offers is registered only there."""

from __future__ import annotations

from flask import Flask

from app.pipeline.services import Services
from app.web.api.alarms import alarms_blueprint
from app.web.api.api_tokens import api_tokens_blueprint
from app.web.api.audit import audit_blueprint
from app.web.api.authorisations import authorisations_blueprint
from app.web.api.bans import bans_blueprint
from app.web.api.bindcodes import bindcodes_blueprint
from app.web.api.channel_setup import channel_setup_blueprint
from app.web.api.channels import channels_blueprint
from app.web.api.commands import command_status_blueprint, commands_blueprint
from app.web.api.destinations import destinations_blueprint
from app.web.api.dispatches import dispatches_blueprint
from app.web.api.events import events_blueprint
from app.web.api.media import media_blueprint
from app.web.api.messages import messages_blueprint
from app.web.api.metrics import metrics_blueprint
from app.web.api.notifications import notifications_blueprint
from app.web.api.payments import payments_blueprint
from app.web.api.people import people_blueprint
from app.web.api.rejections import rejections_blueprint
from app.web.api.replay import replay_blueprint
from app.web.api.shared_tokens import shared_tokens_blueprint
from app.web.api.sources import sources_blueprint
from app.web.api.stats import stats_blueprint
from app.web.api.stream import stream_blueprint
from app.web.compat.routes import compat_blueprint, one_line_blueprint
from app.web.console.routes import console_blueprint
from app.web.dev.front import front_blueprint
from app.web.domain_files import domain_files_blueprint
from app.web.health import health_blueprint
from app.web.limits import install_limits, limit_token_guessing
from app.web.openapi.routes import api_docs_blueprint
from app.web.people.authorise import authorise_blueprint
from app.web.people.bind_page import bind_page_blueprint
from app.web.people.direct_login import direct_login_blueprint
from app.web.people.login import login_blueprint
from app.web.people.me import me_blueprint
from app.web.people.user_data import user_data_blueprint
from app.web.probe import probe_blueprint
from app.web.relay.routes import relay_blueprint

BEHIND_TOKENS = (
    events_blueprint,
    rejections_blueprint,
    channels_blueprint,
    dispatches_blueprint,
    destinations_blueprint,
    sources_blueprint,
    stream_blueprint,
    audit_blueprint,
    people_blueprint,
    bans_blueprint,
    api_tokens_blueprint,
    alarms_blueprint,
    replay_blueprint,
    bindcodes_blueprint,
    authorisations_blueprint,
    command_status_blueprint,
    shared_tokens_blueprint,
    relay_blueprint,
    messages_blueprint,
    media_blueprint,
    notifications_blueprint,
    payments_blueprint,
    metrics_blueprint,
    stats_blueprint,
    channel_setup_blueprint,
)


def register_blueprints(app: Flask, services: Services) -> None:
    """Register the routes of this gateway."""
    limiter = install_limits(app, services)
    for make in (
        *BEHIND_TOKENS,
        login_blueprint,
        me_blueprint,
        direct_login_blueprint,
        user_data_blueprint,
        bind_page_blueprint,
        authorise_blueprint,
        commands_blueprint,
        compat_blueprint,
        one_line_blueprint,
        console_blueprint,
        health_blueprint,
        api_docs_blueprint,
        domain_files_blueprint,
        probe_blueprint,
        front_blueprint,
    ):
        blueprint = make(services)
        if make in BEHIND_TOKENS:
            limit_token_guessing(limiter, blueprint)
        app.register_blueprint(blueprint)
    if services.clients or services.settings.client_registration:
        # Loaded here: a gateway without clients needs none of it.
        from app.web.api.clients import clients_blueprint
        from app.web.issuer.routes import issuer_blueprint
        from app.web.issuer.seed import oauth_apps_blueprint

        app.register_blueprint(issuer_blueprint(services))
        for own in (clients_blueprint(services), oauth_apps_blueprint(services)):
            limit_token_guessing(limiter, own)
            app.register_blueprint(own)
