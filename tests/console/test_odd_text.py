"""Whatever text a browser or an operator sends is stored, replaced or refused with a sentence, on every database alike."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from app.core.errors import CallgateError
from app.core.roles import Role
from app.pipeline.operators.console_access import Browser, Operator, find_operator, sign_in_by_password
from app.pipeline.operators.console_people import add_console_person
from app.pipeline.operators.console_views import remove_view, save_view, saved_views
from app.pipeline.services import Services
from tests.console.desk import FIRST, PASSWORD
from tests.odd_text import ODD_TEXTS

LONG_ENOUGH = "Bn8-a word that is long"


def operator_of(services: Services, browser: Browser) -> Operator:
    found = find_operator(services, sign_in_by_password(services, FIRST, PASSWORD, browser))
    assert found is not None
    return found


def refusal(act: Callable[[], None]) -> str | None:
    try:
        act()
    except CallgateError as error:
        return error.code
    return None


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_what_a_browser_says_of_itself_never_keeps_anybody_out(services: Services, text: str) -> None:
    operator_of(services, Browser("203.0.113.7", text))


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_who_somebody_says_to_be_is_nobody(services: Services, text: str) -> None:
    with pytest.raises(CallgateError):
        sign_in_by_password(services, text, text, Browser("203.0.113.7", "a browser"))


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_a_person_has_a_plain_name(services: Services, text: str) -> None:
    with pytest.raises(CallgateError):
        add_console_person(services, text, LONG_ENOUGH, Role.VIEWER, actor="test")


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_a_password_is_refused_or_opens(services: Services, text: str) -> None:
    refused = refusal(lambda: add_console_person(services, "plain", text, Role.VIEWER, actor="test"))
    assert refused in (None, "bad_password")
    if refused is None:
        assert sign_in_by_password(services, "plain", text, Browser("203.0.113.7", "a browser"))


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_what_a_view_is_called_and_holds(services: Services, text: str) -> None:
    operator = operator_of(services, Browser("203.0.113.7", "a browser"))
    for name, query in ((text, "state=dead"), ("plain", text), ("many", "a=1&" * 500)):
        save = partial(save_view, services, operator, page="events", name=name, query=query)
        assert refusal(save) in (None, "bad_view")
        remove_view(services, operator, page="events", name=name)
    assert not saved_views(services, operator, "events")
