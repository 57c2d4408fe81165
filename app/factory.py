"""The composition root: the only place where real parts are chosen and joined."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import structlog

from app import platforms
from app.config.channels import ChannelsFile, load_channels
from app.config.clients import client_faults
from app.config.destinations import weak_destination_secrets
from app.config.environment import Environment, read_environment
from app.config.home import HANDLERS_FOLDER, SOURCES_FOLDER, TEMPLATES_FOLDER, home_of
from app.config.message_groups import message_group_faults
from app.config.push_keys import push_key_faults
from app.config.setting_origins import setting_origins
from app.config.settings import (
    Settings,
    environment_faults,
    read_settings,
    setting_named,
    weak_api_tokens,
)
from app.core.clock import Clock, SystemClock
from app.core.errors import ConfigurationError
from app.handlers.loading import Handlers, load_handlers
from app.pipeline.api_tokens import unknown_channels
from app.pipeline.binding.consume import bind_route
from app.pipeline.channels import Channels, open_channels
from app.pipeline.commands.run import CommandRunner, command_routes
from app.pipeline.forwarding.forward import Forwarder, destination_routes
from app.pipeline.login.groups import group_faults
from app.pipeline.own_events import OwnEvents
from app.pipeline.payments.check import payment_route
from app.pipeline.payments.expect import store_expectation
from app.pipeline.receipts import Receipts
from app.pipeline.router import Router
from app.pipeline.sending.handler_tools import lend_tools
from app.pipeline.sending.notices import Notification, open_notifications
from app.pipeline.sending.notifications import notification_routes
from app.pipeline.sending.run import message_route
from app.pipeline.services import Runtime, Services
from app.pipeline.tokens.authorisations import authorisation_route
from app.pipeline.watch.speaking import watch_faults
from app.security.bans import Bans
from app.security.outbound import OutboundClient
from app.security.public_addresses import AddressGuard
from app.security.rate_limits import RateLimits
from app.security.redaction import redact_event
from app.security.vault import Vault
from app.storage.database.address import DatabaseAddress
from app.storage.database.db import Database
from app.storage.database.group_commit import GroupCommit, Job
from app.storage.database.shared_clock import SharedClock
from app.storage.inbox.receipts import Receipt, write_receipts
from app.telemetry.logging import configure_logging
from app.telemetry.meters import Meters
from app.telemetry.open_telemetry import MISSING, OpenTelemetry, is_installed

if TYPE_CHECKING:
    from flask import Flask

log = structlog.get_logger(__name__)


def build_services(
    environment: Mapping[str, str], *, clock: Clock | None = None, router: Router | None = None
) -> Services:
    """Read the configuration and join the parts; raises ConfigurationError with every fault found."""
    read = _read(environment, router)
    database = Database(read.settings.database_url)
    services = join_services(
        read.settings,
        database,
        read.channels,
        file=read.file,
        notifications=read.notifications,
        router=read.handlers.router,
        clock=clock or (SystemClock() if database.is_sqlite else SharedClock(database)),
        notices=read.handlers.notices,
    )
    return replace(
        services, setting_origins=setting_origins(environment), reread=lambda: _reread(environment)
    )


class _Read(NamedTuple):
    """A configuration without a fault."""

    settings: Settings
    channels: Channels
    file: ChannelsFile
    handlers: Handlers
    notifications: tuple[Notification, ...]


def _read(environment: Mapping[str, str], router: Router | None) -> _Read:
    """Read everything and judge it; raises ConfigurationError with every fault found."""
    settings, faults = read_settings(environment)
    channels, file = _open_checked_channels(settings, environment, faults)
    handlers = (
        Handlers(router, ()) if router is not None else _load_own_handlers(settings, environment, faults)
    )
    faults += _what_is_not_there(settings)
    notifications = open_notifications(file, channels, home_of(environment) / TEMPLATES_FOLDER, faults)
    if faults:
        raise ConfigurationError(faults)
    return _Read(settings, channels, file, handlers, notifications)


def _reread(environment: Mapping[str, str]) -> tuple[Settings, ChannelsFile]:
    """Read again what a new process would, with `.env` as it is now; the handlers are left out, whose code runs as it is loaded."""
    if isinstance(environment, Environment):
        environment = read_environment()
    read = _read(environment, Router())
    return read.settings, read.file


def join_services(
    settings: Settings,
    database: Database,
    channels: Channels,
    *,
    file: ChannelsFile,
    notifications: tuple[Notification, ...] = (),
    router: Router,
    clock: Clock,
    notices: tuple[str, ...] = (),
) -> Services:
    """Join parts that are open already, and what the channels file says besides; tests join theirs here too, so that they meet what a gateway is made of."""
    runtime, own_events, meters, receipts = Runtime(), OwnEvents(clock), Meters(), Receipts(clock)
    forwarder = Forwarder(settings, database, channels, clock, own_events)
    runner = CommandRunner(settings, database, channels, clock, runtime)
    _observe_calls(meters, channels, runner)
    services = Services(
        settings=settings,
        database=database,
        channels=channels,
        router=router,
        vault=Vault(settings.secret_key),
        rate_limits=RateLimits(settings.ratelimit_storage_uri, enabled=settings.ratelimit_enabled),
        bans=_bans(settings, channels),
        clock=clock,
        accepts=GroupCommit(database, beside=partial(_going_along, receipts)),
        own_events=own_events,
        meters=meters,
        receipts=receipts,
        destinations=destination_routes(
            file.destinations, forwarder, ca_bundle=settings.ca_bundle, observe=meters.upstream
        ),
        commands=command_routes(router, runner),
        watch=file.watch,
        spans=OpenTelemetry(settings) if settings.otel_exporter_otlp_endpoint else None,
        handlers_http=_handlers_http(settings, meters),
        notices=notices,
        runtime=runtime,
        **_of_file(file, settings),
    )
    return _with_built_in_routes(services, notifications)


def _of_file(file: ChannelsFile, settings: Settings) -> dict[str, Any]:
    """Return what the services hold of the channels file as it is."""
    return {
        "login_groups": file.login_groups,
        "message_groups": file.message_groups,
        "push_keys": file.push_keys,
        "clients": file.clients,
        "api_tokens": (*settings.api_tokens, *file.api_tokens),
        "file": file,
    }


def _observe_calls(meters: Meters, channels: Channels, runner: CommandRunner) -> None:
    """Have every call to the outside counted."""
    runner.observed_by(meters.upstream)
    for client in [client for each in channels for client in (each.http, each.relay)]:
        if isinstance(client, OutboundClient):
            client.observed_by(meters.upstream)


def _going_along(receipts: Receipts) -> Job[Receipt, None] | None:
    found = receipts.going_along()
    return Job(write_receipts, found) if found else None


def _handlers_http(settings: Settings, meters: Meters) -> OutboundClient:
    guard = AddressGuard(settings.callback_allowed_hosts)
    client = OutboundClient(guard=guard, ca_file=settings.ca_bundle or None)
    client.observed_by(meters.upstream)
    return client


def _bans(settings: Settings, channels: Channels) -> Bans:
    """Return the bans; what a channel allows is never banned."""
    allowed = (network for channel in channels for network in channel.allowed_networks)
    return Bans(allowed, enabled=settings.bans_enabled and settings.ratelimit_enabled)


def _with_built_in_routes(services: Services, notifications: tuple[Notification, ...]) -> Services:
    """Return the services with the routes that need them themselves, and let our own events be heard."""
    binding = bind_route(services.channels, services.settings, services.own_events)
    services = replace(services, bind_route=binding, message_route=message_route, lend_tools=lend_tools)
    services = replace(services, notifications=notification_routes(services, notifications))
    services = replace(services, authorisations=authorisation_route(services))
    services = _with_issuer(services)
    services = replace(services, payments=payment_route(services), expect=store_expectation)
    services.own_events.listen(services.matching)
    return services


def _with_issuer(services: Services) -> Services:
    """Return the services with what the OpenID provider needs, where there are clients or may be some."""
    settings = services.settings
    if not services.clients and not settings.client_registration:
        return services
    # Loaded here: a gateway without clients needs none of it.
    from app.pipeline.issuer.logout import logout_routes

    return replace(services, own_routes=logout_routes(services))


def _load_own_handlers(settings: Settings, environment: Mapping[str, str], faults: list[str]) -> Handlers:
    try:
        return load_handlers(home_of(environment) / HANDLERS_FOLDER, settings.handlers)
    except ConfigurationError as error:
        faults += error.faults
        return Handlers(Router(), ())


def _open_checked_channels(
    settings: Settings, environment: Mapping[str, str], faults: list[str]
) -> tuple[Channels, ChannelsFile]:
    """Open the channels and read the rest of their file; what is unsafe is a fault in prod and warned about in test."""
    told = {setting_named(fault) for fault in faults}
    unsafe = [fault for fault in environment_faults(settings) if setting_named(fault) not in told]
    file, channels = ChannelsFile(), Channels([])
    try:
        file = load_channels(Path(settings.channels_file), environment)
        known = platforms.Platforms(
            home_of(environment) / SOURCES_FOLDER, public_base_url=settings.public_base_url
        )
        known.check_own()
        for sentence in known.hidden_own():
            log.warning("own_source_hidden", detail=sentence)
        channels, unproven = open_channels(file.channels, known, ca_bundle=settings.ca_bundle)
        unsafe += unproven + weak_destination_secrets(file.destinations)
        unsafe += weak_api_tokens(file.api_tokens, "[[api_tokens]]")
        faults += _own_host_given_away(settings, file)
        faults += unknown_channels(file.api_tokens, channels.is_configured)
        faults += group_faults(file.login_groups, channels)
        names = {each.name for each in file.channels}
        senders = names | {each.name for each in file.message_groups}
        faults += message_group_faults(file.message_groups, names)
        groups = {each.name for each in file.login_groups}
        faults += client_faults(file.clients, names | groups)
        faults += push_key_faults(file.push_keys, senders)
        faults += watch_faults(file.watch, channels, senders)
    except ConfigurationError as error:
        faults += error.faults
    if settings.app_env == "prod":
        faults += unsafe
    for sentence in unsafe if settings.app_env == "test" else ():
        log.warning("unsafe_configuration", detail=sentence)
    return channels, file


def _own_host_given_away(settings: Settings, file: ChannelsFile) -> list[str]:
    own = urlsplit(settings.public_base_url).netloc.lower()
    return [
        f"[channels.{channel.name}] relay_host: is the gateway's own host, which then would answer nothing else."
        for channel in file.channels
        if channel.relay_host == own
    ]


def _what_is_not_there(settings: Settings) -> list[str]:
    """Name what is configured and could not happen."""
    faults = []
    packages = ("celery", "redis") if settings.celery_broker_url.startswith("redis") else ("celery",)
    if settings.engine == "celery" and not all(importlib.util.find_spec(name) for name in packages):
        faults.append("ENGINE=celery needs more packages: pip install -r requirements-scale.txt")
    if settings.otel_exporter_otlp_endpoint and not is_installed():
        faults.append(MISSING)
    try:
        DatabaseAddress(settings.database_url)
    except ConfigurationError as error:
        faults += error.faults
    return faults


def open_services(environment: Mapping[str, str] | None = None) -> Services:
    """Set up logging and join the parts, from the process's own environment where none is given."""
    environment = environment if environment is not None else read_environment()
    settings, _ = read_settings(environment)
    configure_logging(as_json=settings.logs_are_json, level=settings.log_level, redact=redact_event)
    return build_services(environment)


def create_app(environment: Mapping[str, str] | None = None, *, services: Services | None = None) -> Flask:
    """Make the WSGI application; it opens no connection and starts no thread by itself."""
    # Loaded here: the commands of a terminal join the parts and serve nothing.
    from app.web.application import make_application

    return make_application(services or open_services(environment))
