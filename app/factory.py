"""The composition root: the only place where real parts are chosen and joined."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import pkgutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import structlog
from flask import Flask

from app import platforms
from app.config.channels import load_channels
from app.config.destinations import DestinationConfig, weak_destination_secrets
from app.config.environment import read_environment
from app.config.settings import Settings, environment_faults, load_settings
from app.core.clock import Clock, SystemClock
from app.core.errors import ConfigurationError
from app.pipeline.bind import bind_route
from app.pipeline.channels import Channels, open_channels
from app.pipeline.command_runs import command_routes
from app.pipeline.forward import Forwarder, destination_routes
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.security.rate_limits import RateLimits
from app.security.redaction import redact_event
from app.security.vault import Vault
from app.storage.db import Database
from app.storage.shared_clock import SharedClock
from app.storage.write_ahead_log import WriteAheadLog
from app.telemetry.logging import configure_logging
from app.web.blueprints import register_blueprints
from app.web.errors import install_errors
from app.web.guards import install_https_rule
from app.web.languages import install_languages
from app.web.security_headers import install_security_headers
from app.web.webhooks import Callbacks
from app.worker.draining import Draining
from app.worker.embedded import EmbeddedEngine
from app.worker.leases import LeaseKeeper
from app.worker.lifetime import GracefulStop, end_with_parent
from app.worker.log_copier import LogCopier
from app.worker.one_core import OneCore

COLLECT_AFTER_OBJECTS = 10_000

log = structlog.get_logger(__name__)


def build_services(
    environment: Mapping[str, str], *, clock: Clock | None = None, router: Router | None = None
) -> Services:
    """Read the configuration and join the parts; raises ConfigurationError with every fault found."""
    settings = load_settings(environment)
    channels, destinations = _open_checked_channels(settings, environment)
    database = Database(settings.database_url)
    clock = clock or (SystemClock() if database.is_sqlite else SharedClock(database))
    services = Services(
        settings=settings,
        database=database,
        channels=channels,
        router=router if router is not None else load_handlers(settings.handlers),
        vault=Vault(settings.secret_key),
        rate_limits=RateLimits(settings.ratelimit_storage_uri, enabled=settings.ratelimit_enabled),
        clock=clock,
        bind_route=bind_route(channels, settings),
        destinations=destination_routes(destinations, Forwarder(settings, database, channels, clock)),
    )
    services.commands = command_routes(services)
    return services


def _open_checked_channels(
    settings: Settings, environment: Mapping[str, str]
) -> tuple[Channels, tuple[DestinationConfig, ...]]:
    """Open the channels and read the destinations; what is unsafe is refused in prod, warned about in test and dev."""
    faults = environment_faults(settings)
    try:
        file = load_channels(Path(settings.channels_file), environment)
        channels, unproven = open_channels(file.channels, platforms.discover())
    except ConfigurationError as error:
        raise ConfigurationError([*(faults if settings.app_env == "prod" else ()), *error.faults]) from None
    faults += unproven + weak_destination_secrets(file.destinations)
    if not_there := _what_is_not_there(settings):
        raise ConfigurationError(not_there)
    if settings.app_env == "prod" and faults:
        raise ConfigurationError(faults)
    for sentence in faults if settings.app_env == "test" else ():
        log.warning("unsafe_configuration", detail=sentence)
    return channels, file.destinations


def _what_is_not_there(settings: Settings) -> list[str]:
    """Name what is configured and could not happen."""
    faults = []
    packages = ("celery", "redis") if settings.celery_broker_url.startswith("redis") else ("celery",)
    if settings.engine == "celery" and not all(importlib.util.find_spec(name) for name in packages):
        faults.append("ENGINE=celery needs more packages: pip install -r requirements-scale.txt")
    return faults


def load_handlers(modules: Iterable[str]) -> Router:
    """Load the routers of these modules and of the modules inside them; raises ConfigurationError."""
    router, faults = Router(), []
    for name in modules:
        try:
            for found in _routers_of(name):
                router.include(found)
        except (ImportError, ValueError) as error:
            faults.append(f"HANDLERS: {name} cannot be loaded: {error}.")
    if faults:
        raise ConfigurationError(faults)
    return router


def _routers_of(name: str) -> list[Router]:
    module = importlib.import_module(name)
    inner = [f"{name}.{item.name}" for item in pkgutil.iter_modules(getattr(module, "__path__", []))]
    modules = [module, *(importlib.import_module(each) for each in inner)]
    return [each.router for each in modules if isinstance(getattr(each, "router", None), Router)]


def open_services(environment: Mapping[str, str] | None = None) -> Services:
    """Set up logging and join the parts, from the process's own environment where none is given."""
    environment = environment if environment is not None else read_environment()
    settings = load_settings(environment)
    configure_logging(as_json=settings.logs_are_json, level=settings.log_level, redact=redact_event)
    return build_services(environment)


def create_app(environment: Mapping[str, str] | None = None, *, services: Services | None = None) -> Flask:
    """Make the WSGI application; it opens no connection and starts no thread by itself."""
    if services is None:
        services = open_services(environment)
    app = Flask("app.web")
    # Tidying doubled slashes would redirect to the Host header's name; such an address is simply not there.
    app.url_map.merge_slashes = False
    app.config.update(
        SECRET_KEY=None,
        CALLGATE_DEV=services.settings.app_env == "dev",
        SANDBOX_URL=services.settings.sandbox_url if services.settings.sandbox_is_on else "",
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["callgate"] = services
    install_errors(app)
    install_https_rule(app, services.settings)
    install_languages(app)
    install_security_headers(app, services.settings)
    register_blueprints(app, services)
    app.wsgi_app = Callbacks(app, services)  # type: ignore[method-assign]
    return app


def create_serving_app() -> Flask:
    """Make the application of a serving process: with its engine, and ending together with its parent."""
    end_with_parent()
    app = create_app()
    services: Services = app.extensions["callgate"]
    for disabled in services.channels.disabled:
        log.info("channel_disabled", channel=disabled.config.name, reason=disabled.reason)
    roaming = _copy_the_log(services.database)
    _start_background(services)
    draining = Draining()
    draining.install()
    app.wsgi_app = draining.wrap(app.wsgi_app)  # type: ignore[assignment,method-assign]
    _spare_the_collector()
    if services.settings.serve_on_one_core:
        OneCore(roaming).start()
    return app


def _copy_the_log(database: Database) -> list[int]:
    """Have a thread do what SQLite would do in a commit; return its number. The other databases do it themselves."""
    if not database.is_sqlite:
        return []
    copier = LogCopier(WriteAheadLog(database))
    copier.start()
    return [copier.native_id]


def _spare_the_collector() -> None:
    """Keep the garbage collector from walking again and again through what was made at the start and stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER_OBJECTS)


def _start_background(services: Services) -> None:
    """Start what runs beside the requests, and have it stopped in good order."""
    if services.settings.engine == "embedded":
        engine = EmbeddedEngine(services)
        engine.start()
        GracefulStop(services, engine).install()
        return
    from app.worker.hints import HintPublisher

    hints, leases = HintPublisher(services.settings), LeaseKeeper(services)
    hints.start(services)
    leases.start()
    GracefulStop(services, leases, hints).install()
