"""The page for people: shows the code in two languages, says how it stands, and gives nobody away."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from app.pipeline.binding.codes import create_bind_code
from app.pipeline.services import Services
from app.storage.binding.bindcodes import BindCode
from app.web.languages import install_languages
from tests.binding.fakes import deliver, scan
from tests.binding.test_bind_api import application
from tests.builders import FrozenClock

pytestmark = pytest.mark.backends("sqlite")


@pytest.fixture
def client(binding: Services) -> FlaskClient:
    app = application(binding)
    install_languages(app)
    return app.test_client()


@pytest.fixture
def made(binding: Services) -> BindCode:
    return create_bind_code(binding, app="crm", channel_name="shop", ttl=90).bindcode


def test_the_page_shows_the_code_and_its_picture(client: FlaskClient, made: BindCode) -> None:
    answer = client.get(f"/bind/{made.page_key}")
    assert answer.status_code == 200
    assert f"绑定 {made.code}" in answer.text
    assert "A fake account" in answer.text
    assert f"/bind/{made.page_key}/qr.svg" in answer.text
    assert "1:30" in answer.text


def test_the_page_needs_nothing_from_elsewhere_and_no_inline_script(
    client: FlaskClient, made: BindCode
) -> None:
    page = client.get(f"/bind/{made.page_key}").text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert addresses
    assert all(not urlsplit(address).netloc for address in addresses)
    assert not re.findall(r"<script(?![^>]*src=)|\son\w+=|\sstyle=", page)
    assert made.scene not in page


def test_page_and_picture_stay_out_of_caches(client: FlaskClient, made: BindCode) -> None:
    for path in ("", "/status", "/qr.svg"):
        headers = client.get(f"/bind/{made.page_key}{path}").headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_the_picture_is_drawn_here(client: FlaskClient, made: BindCode) -> None:
    answer = client.get(f"/bind/{made.page_key}/qr.svg")
    assert answer.mimetype == "image/svg+xml"
    assert answer.data.startswith(b"<svg")


def test_the_status_tells_the_result_and_not_who(
    client: FlaskClient, binding: Services, made: BindCode, clock: FrozenClock
) -> None:
    address = f"/bind/{made.page_key}/status"
    clock.advance(seconds=30)
    assert client.get(address).get_json() == {"status": "pending", "seconds_left": 60}
    deliver(binding, scan(made.scene))
    assert client.get(address).get_json() == {"status": "bound", "seconds_left": 60}
    assert "oA" not in client.get(f"/bind/{made.page_key}").text
    assert client.get(f"/bind/{made.page_key}/qr.svg").status_code == 404


def test_an_expired_code_shows_no_picture(client: FlaskClient, made: BindCode, clock: FrozenClock) -> None:
    clock.advance(seconds=90)
    assert client.get(f"/bind/{made.page_key}/status").get_json() == {"status": "expired", "seconds_left": 0}
    assert "qr.svg" not in client.get(f"/bind/{made.page_key}").text


def test_without_a_qr_code_the_page_asks_to_type(client: FlaskClient, binding: Services) -> None:
    typed = create_bind_code(binding, app="crm", channel_name="plain").bindcode
    page = client.get(f"/bind/{typed.page_key}").text
    assert "qr.svg" not in page
    assert f"绑定 {typed.code}" in page


@pytest.mark.parametrize("key", ["0" * 40, "x", "AAAA2222", "%00", "0" * 5000])
def test_a_page_nobody_made_is_not_found(client: FlaskClient, key: str) -> None:
    for path in ("", "/status", "/qr.svg"):
        assert client.get(f"/bind/{key}{path}").status_code == 404


def test_neither_scene_nor_code_open_the_page(client: FlaskClient, made: BindCode) -> None:
    for key in (made.scene, made.code, made.id):
        assert client.get(f"/bind/{key}").status_code == 404
