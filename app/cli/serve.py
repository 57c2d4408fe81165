"""`flask serve`: the production server; `flask worker`: background work without serving."""

from __future__ import annotations

import signal
import threading
from types import FrameType

import click
from granian.constants import Interfaces

from app.config.environment import own_folder
from app.core.errors import StoreUnavailable
from app.pipeline.services import Services
from app.serving.connections import connection_settings
from app.serving.rolling import RollingServer
from app.serving.used_port import BACKLOG, PortFault, listen_alone, port_fault
from app.storage.database import schema
from app.worker.engine import EmbeddedEngine
from app.worker.lifetime import GracefulStop
from app.worker.measuring import MAIN, WORKER, Measuring, open_place

STOP_SECONDS = 10


def serve_command(services: Services) -> click.Command:
    """Return `flask serve`."""

    @click.command("serve")
    @click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
    @click.option("--port", default=5003, show_default=True, help="Port to listen on.")
    @click.option("--workers", default=1, show_default=True, help="Serving processes; keep 1 with SQLite.")
    @click.option("--migrate", is_flag=True, help="Bring the tables up to date first (flask db upgrade).")
    def serve(host: str, port: int, workers: int, migrate: bool) -> None:
        """Serve the gateway."""
        if services.database.is_sqlite and workers > 1:
            raise click.ClickException(
                "SQLite is served by one process; use PostgreSQL or MariaDB for several workers."
            )
        if fault := port_fault(host, port):
            raise click.ClickException(fault)
        _look_at_tables(services, migrate=migrate)
        services.database.close()
        # As long as this process lives, what its workers count goes on when one of them is replaced.
        place = open_place(own_folder(), MAIN)
        _serve(host, port, workers)
        if place is not None:
            place.close()

    return serve


def _serve(host: str, port: int, workers: int) -> None:
    """Serve until stopped. Whoever has taken the port since it was looked at ends this with a sentence."""
    server = RollingServer(
        "app.serving.process:create_serving_app",
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        workers=workers,
        factory=True,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        backlog=BACKLOG,
        **connection_settings(),
    )
    try:
        server.listening = listen_alone(host, port)
    except PortFault as fault:
        raise click.ClickException(str(fault)) from None
    server.serve()


def _look_at_tables(services: Services, *, migrate: bool = False) -> None:
    """End with the command to type when the tables don't fit the code. A store that is away may come back: go on."""
    try:
        if migrate and not schema.is_being_filled(schema.current_revision(services.database)):
            schema.upgrade(services.database)
        fault = schema.tables_fault(services.database)
    except StoreUnavailable:
        click.echo(
            "! The database cannot be reached; until it can, callbacks are answered with 503.", err=True
        )
        return
    if fault:
        raise click.ClickException(f"{fault} `flask serve --migrate` does it before it starts.")


def worker_command(services: Services) -> click.Command:
    """Return `flask worker`."""

    @click.command("worker")
    @click.option("--threads", default=8, show_default=True, help="Dispatches run at the same time.")
    def worker(threads: int) -> None:
        """Run dispatches until stopped.

        With ENGINE=celery it is a Celery worker, else it needs no broker.
        """
        for notice in services.notices:
            click.echo(f"! {notice}", err=True)
        _look_at_tables(services)
        if services.settings.engine == "celery":
            from app.worker.celery_tasks import run_celery_worker

            run_celery_worker(services, threads=threads)
        else:
            _run_threads(services, threads)

    return worker


def _run_threads(services: Services, threads: int) -> None:
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if services.spans is not None:
        services.spans.start()
    engine = EmbeddedEngine(services, threads=threads)
    measuring = Measuring(services, WORKER, own_folder())
    engine.start()
    measuring.start()
    stopping = GracefulStop(services, engine, measuring)
    click.echo(f"Worker runs with {threads} threads; Ctrl-C stops it.")
    stopped.wait()
    stopping.finish()
