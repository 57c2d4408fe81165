"""The Celery application both sides share: where the hints go, and that nothing but hints ever does.

Needs the packages of requirements-scale.txt; only imported where ENGINE=celery.
"""

from __future__ import annotations

import logging
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from kombu import Exchange, Queue

from app.config.settings import Settings

RUN_DUE = "callgate.run_due"
NOISY = ("celery.app.trace", "celery.worker.strategy", "amqp")
CONNECT_SECONDS = 4
THREADS = 8


def make_celery(settings: Settings) -> Celery:
    """Make the application from the settings; connects to nothing."""
    name = settings.celery_queue
    queue = Queue(name, Exchange("", type="direct"), routing_key=name, no_ack=True)
    celery = Celery("callgate", set_as_current=False)
    celery.conf.update(
        broker_url=settings.celery_broker_url,
        broker_transport_options=consumer_options(settings),
        broker_connection_timeout=CONNECT_SECONDS,
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        task_queues=[queue],
        task_default_queue=name,
        task_default_exchange="",
        task_default_routing_key=name,
        task_serializer="json",
        accept_content=["json"],
        result_backend=None,
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        worker_pool="threads",
        worker_concurrency=THREADS,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_redirect_stdouts=False,
    )
    setup_logging.connect(_keep_logging, dispatch_uid="callgate")
    return celery


def is_redis(settings: Settings) -> bool:
    """Say whether the broker is Redis; otherwise it speaks AMQP."""
    return settings.celery_broker_url.startswith("redis")


def consumer_options(settings: Settings) -> dict[str, Any]:
    """Return the worker's connection options; on Redis everything of ours stands under a prefix of its own."""
    return {"global_keyprefix": f"{settings.celery_queue}:"} if is_redis(settings) else {}


def _keep_logging(**_: object) -> None:
    """Leave logging as the gateway set it up, without two lines for each hint; a receiver keeps Celery from doing it."""
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
