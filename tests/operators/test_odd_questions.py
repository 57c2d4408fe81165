"""Questions that hold what no store keeps are answered with nothing or with a sentence, on every database."""

from __future__ import annotations

from contextlib import suppress

import pytest

from app.core.errors import RequestError
from app.pipeline.operators.bindings import list_openids_page
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.operators.rejections import list_rejections_page
from app.pipeline.services import Services

ODD = ["\x00", "a\x00b"]


@pytest.mark.parametrize("text", ODD, ids=["nul", "within"])
@pytest.mark.parametrize("name", ["q", "channel", "type"])
def test_a_list_of_events(services: Services, name: str, text: str) -> None:
    with suppress(RequestError):
        assert list_events_page(services, {name: text}, cursor=None, limit=5)["items"] == []


@pytest.mark.parametrize("text", ODD, ids=["nul", "within"])
def test_one_event(services: Services, text: str) -> None:
    with suppress(RequestError):
        assert event_detail(services, text) is None


@pytest.mark.parametrize("text", ODD, ids=["nul", "within"])
def test_a_list_of_rejections(services: Services, text: str) -> None:
    with suppress(RequestError):
        assert list_rejections_page(services, text, cursor=None, limit=5)["items"] == []


@pytest.mark.parametrize("text", ODD, ids=["nul", "within"])
def test_a_list_of_bindings(services: Services, text: str) -> None:
    with suppress(RequestError):
        assert list_openids_page(services, app=text, channel=text, cursor=None, limit=5)["items"] == []
