"""Services: parts that stay as they were joined, and one object for what changes while a process runs."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from types import FunctionType
from typing import Any

import pytest

from app.pipeline.router import Router
from app.pipeline.services import Runtime, Services
from tests.builders import make_services

pytestmark = pytest.mark.backends("sqlite")


@pytest.mark.parametrize("name", [field.name for field in fields(Services)])
def test_no_part_can_be_exchanged_while_a_process_runs(services: Services, name: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(services, name, None)


def test_two_processes_share_nothing_that_changes(database: Any) -> None:
    first, second = make_services(database), make_services(database)
    for field in fields(Runtime):
        own = getattr(first.runtime, field.name)
        # None, a word that is yes or no, and the function that wakes nobody do not change.
        if own is not None and not isinstance(own, bool | FunctionType):
            assert own is not getattr(second.runtime, field.name), field.name


def test_a_handler_that_is_registered_later_is_found(database: Any) -> None:
    router = Router()
    services = make_services(database, router=router)
    assert services.matching("callback", "callback", "paid", "v1") == ()
    router.on("callback", "paid", name="late")(lambda event, context: None)
    assert [route.name for route in services.matching("callback", "callback", "paid", "v1")] == ["late"]
