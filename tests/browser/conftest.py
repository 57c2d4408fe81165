"""Fixtures of the browser tests: one stage and one browser for all, a fresh visitor for each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.other_site import OtherSite
from tests.browser.stage import (
    CHROMIUM,
    OPERATORS_PASSWORD,
    PHONE,
    Stage,
    Visitor,
    open_browser,
    open_stage,
)
from tests.databases import need


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return the browser."""
    need("Chromium", os.access(CHROMIUM, os.X_OK))
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="session")
def other_site() -> Iterator[OtherSite]:
    """Return somebody else's site that the gateway knows."""
    with OtherSite() as site:
        yield site


@pytest.fixture(scope="session")
def served(
    browser: Browser, other_site: OtherSite, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """Return the gateway and the simulator, started once."""
    known = {
        "RATELIMIT_ENABLED": "0",
        "RETURN_URLS": f"{other_site.url}/",
        "ADMIN_PASSWORD": OPERATORS_PASSWORD,
    }
    with open_stage(tmp_path_factory.mktemp("stage"), **known) as stage:
        yield stage


@pytest.fixture
def stage(served: Stage) -> Stage:
    """Return the gateway and a simulator that remembers nothing."""
    served.sandbox.state.reset()
    return served


@pytest.fixture
def new_visitor(browser: Browser, stage: Stage) -> Iterator[Callable[..., Visitor]]:
    """Return a function that lets somebody in; nobody's pages may complain, and nothing may leave this machine."""
    visitors: list[Visitor] = []

    def make(**options: Any) -> Visitor:
        visitors.append(Visitor(browser, stage, **options))
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.leave()
    assert [text for visitor in visitors for text in visitor.complaints] == []


@pytest.fixture
def visitor(new_visitor: Callable[..., Visitor]) -> Visitor:
    """Return somebody at a desk who reads English."""
    return new_visitor()


@pytest.fixture
def chinese_visitor(new_visitor: Callable[..., Visitor]) -> Visitor:
    """Return somebody at a desk whose browser asks for Chinese."""
    return new_visitor(locale="zh-CN")


@pytest.fixture
def phone_visitor(new_visitor: Callable[..., Visitor]) -> Visitor:
    """Return somebody with a phone."""
    return new_visitor(viewport=PHONE, is_mobile=True, has_touch=True)
