"""The Celery entry: `celery -A celery_worker worker` runs dispatches, as `flask worker` does with ENGINE=celery."""

from __future__ import annotations

from contextlib import suppress

from app.core.errors import ConfigurationError, StoreUnavailable
from app.factory import open_services
from app.storage.database.schema import tables_fault

try:
    services = open_services()
    if services.settings.engine != "celery":
        raise ConfigurationError(["ENGINE is not celery; nobody would send hints to this worker."])
    with suppress(StoreUnavailable):
        if fault := tables_fault(services.database):
            raise ConfigurationError([fault])
except ConfigurationError as error:
    faults = "\n".join(f"  - {fault}" for fault in error.faults)
    raise SystemExit(f"The configuration cannot be used:\n{faults}") from None

from app.worker.celery_tasks import make_celery_worker

celery = make_celery_worker(services)
