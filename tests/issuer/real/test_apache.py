"""Apache with mod_auth_openidc logs people in, refreshes, and is told of logouts by its back channel."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.issuer.real.apache import MODULE, Apache
from tests.issuer.real.conftest import Provider, Surfer, is_logged_in

PRIVATE = "the private page"
PATIENCE_SECONDS = 20


@pytest.fixture
def apache(provider: Provider, tmp_path: Path) -> Iterator[Apache]:
    if not MODULE.exists():
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail("Apache's module is missing: apt-get install apache2 libapache2-mod-auth-openidc")
        pytest.skip("Apache's module is missing: apt-get install apache2 libapache2-mod-auth-openidc")
    secret = provider.secret("apache")
    with Apache(tmp_path, port=provider.ports["apache"], issuer=provider.issuer, secret=secret) as made:
        yield made


def info(apache: Apache, surfer: Surfer) -> Any:
    """Return what Apache keeps of the person's session."""
    answer = surfer.session.get(f"{apache.url}/private/redirect?info=json", timeout=20)
    assert answer.status_code == 200, (answer.text, apache.log())
    return answer.json()


def may_read(apache: Apache, surfer: Surfer) -> bool:
    """Say whether the private page is shown at once."""
    answer = surfer.session.get(f"{apache.url}/private/index.html", allow_redirects=False, timeout=20)
    return answer.status_code == 200


def test_apache_logs_in_refreshes_and_is_told_of_the_logout(
    provider: Provider, apache: Apache, surfer: Surfer
) -> None:
    page = surfer.go(f"{apache.url}/private/index.html")
    assert page.text == PRIVATE, (page.url, page.text[:500], apache.log())
    before = info(apache, surfer)
    assert before["userinfo"]["name"] == "linxiao"
    back = quote(f"{apache.url}/private/index.html", safe="")
    refreshed = surfer.go(
        f"{apache.url}/private/redirect?refresh={back}&access_token={quote(before['access_token'], safe='')}"
    )
    assert refreshed.text == PRIVATE, (refreshed.url, apache.log())
    after = info(apache, surfer)
    assert after["access_token"] != before["access_token"]
    assert after["refresh_token"] != before["refresh_token"]
    assert may_read(apache, surfer)
    log_out_at_the_provider(provider, surfer)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while may_read(apache, surfer) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not may_read(apache, surfer), apache.log()


def test_a_logout_that_begins_at_apache_ends_both_sessions(
    provider: Provider, apache: Apache, surfer: Surfer
) -> None:
    assert surfer.go(f"{apache.url}/private/index.html").text == PRIVATE
    assert is_logged_in(provider, surfer)
    bye = f"{apache.url}/bye"
    landed = surfer.go(f"{apache.url}/private/redirect?logout={quote(bye, safe='')}")
    assert landed.text == "bye", (landed.url, landed.text[:500], apache.log())
    assert not is_logged_in(provider, surfer)
    assert not may_read(apache, surfer)


def log_out_at_the_provider(provider: Provider, surfer: Surfer) -> None:
    """Log out on the provider's own page, so that nothing but the back channel tells Apache."""
    me = surfer.session.get(f"{provider.issuer}/api/v1/me", timeout=20).json()
    answer: requests.Response = surfer.session.post(
        f"{provider.issuer}/oauth/logout",
        data={"csrf_token": me["csrf_token"], "next": "/"},
        headers={"Origin": provider.issuer},
        allow_redirects=False,
        timeout=20,
    )
    assert answer.status_code == 303, answer.text
