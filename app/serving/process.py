"""A serving process: the application with its engine, ending together with its parent. `flask serve` starts these."""

from __future__ import annotations

import gc

import structlog

from app.config.environment import own_folder
from app.config.home import HANDLERS_FOLDER
from app.factory import create_app
from app.pipeline.services import Services
from app.pipeline.upkeep.pressure import PressureGauge
from app.serving.draining import Draining
from app.serving.handlers_watch import HandlersWatch, ask_for_reload, main_process
from app.serving.log_copier import LogCopier
from app.serving.one_core import OneCore
from app.serving.pressure_watch import PressureWatch
from app.storage.database.db import Database
from app.storage.database.write_ahead_log import WriteAheadLog
from app.web.callbacks.loop_front import LoopFront
from app.worker.engine import EmbeddedEngine
from app.worker.leases import LeaseKeeper
from app.worker.lifetime import GracefulStop, end_with_parent, on_stop_signal_beside_loop
from app.worker.measuring import SERVE, Measuring

COLLECT_AFTER_OBJECTS = 10_000

log = structlog.get_logger(__name__)


def create_serving_app() -> LoopFront:
    """Make the application of a serving process: with its engine, and ending together with its parent."""
    end_with_parent()
    watch = HandlersWatch(own_folder() / HANDLERS_FOLDER, ask_for_reload)
    app = create_app()
    services: Services = app.extensions["callgate"]
    measuring = Measuring(services, SERVE, own_folder(), measures=app.extensions["callgate.measures"])
    services.runtime.main_process = main_process()
    _tell_what_takes_no_part(services)
    if services.settings.app_env == "dev":
        watch.start()
    roaming = _copy_the_log(services.database)
    PressureWatch(PressureGauge(services)).start()
    stop = _start_background(services, measuring)
    draining = Draining()
    draining.install()
    _spare_the_collector()
    if services.settings.serve_on_one_core:
        OneCore(roaming).start()
    return LoopFront(
        app,
        services,
        is_leaving=lambda: draining.has_begun or stop.has_begun,
        on_start=lambda: stop.install(on_stop_signal_beside_loop),
    )


def _tell_what_takes_no_part(services: Services) -> None:
    for disabled in services.channels.disabled:
        log.info("channel_disabled", channel=disabled.config.name, reason=disabled.reason)
    for channel in services.channels:
        for name, reason in channel.off.items():
            log.info("capability_off", channel=channel.name, capability=name, reason=reason)
    for notice in services.notices:
        log.warning("handlers_not_loaded", detail=notice)


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


def _start_background(services: Services, measuring: Measuring) -> GracefulStop:
    """Start what runs beside the requests; return what stops it in good order."""
    measuring.start()
    if services.spans is not None:
        services.spans.start()
    if services.settings.engine == "embedded":
        engine = EmbeddedEngine(services)
        engine.start()
        return GracefulStop(services, engine, measuring)
    from app.worker.hints import HintPublisher

    hints, leases = HintPublisher(services.settings), LeaseKeeper(services)
    hints.start(services)
    leases.start()
    return GracefulStop(services, leases, hints, measuring)
