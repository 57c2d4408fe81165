"""What strangers may cost: bodies, guesses and introspection are bounded."""

from __future__ import annotations

import pytest

from tests.login.browser import BASE_URL
from tests.login.in_memory import InMemoryGateway

HERE = pytest.mark.backends("sqlite")


@HERE
@pytest.mark.parametrize(
    "path",
    ["/oidc/authorize", "/oidc/consent", "/oidc/logout", "/api/oauth2/authorize", "/me/apps/wiki/take-back"],
)
def test_a_form_of_the_provider_is_short_and_no_upload(gateway: InMemoryGateway, path: str) -> None:
    client = gateway.app.test_client()
    form = {"content_type": "application/x-www-form-urlencoded", "base_url": BASE_URL}
    upload = {"content_type": "multipart/form-data; boundary=x", "data": b"--x--\r\n", "base_url": BASE_URL}
    assert client.post(path, **upload).status_code == 415  # type: ignore[arg-type]
    assert client.post(path, data=b"x" * 65_537, **form).status_code == 413  # type: ignore[arg-type]
    assert client.post(path, data=b"", **form).status_code != 413  # type: ignore[arg-type]
    endless = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    assert client.post(path, environ_overrides=endless, **form).status_code == 413  # type: ignore[arg-type]


@HERE
@pytest.mark.parametrize("header", ["Basic gICA", "Basic \u00e9", "Basic x", "Basic", "Basic /+8="])
@pytest.mark.parametrize("path", ["/oidc/token", "/oidc/introspect", "/oidc/revoke"])
def test_a_header_that_cannot_be_read_is_a_wrong_client(
    gateway: InMemoryGateway, path: str, header: str
) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "x", "token": "x"}
    client = gateway.app.test_client()
    answer = client.post(path, data=form, headers={"Authorization": header}, base_url=BASE_URL)
    said: dict[str, str] = answer.json or {}
    assert (answer.status_code, said.get("error")) == (401, "invalid_client")
