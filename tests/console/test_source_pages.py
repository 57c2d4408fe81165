"""Sources in the console: which there are, and trying a request at one, which stores nothing and shows no key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import re
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from app.core.errors import RequestError
from app.core.values import InboundRequest
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import list_events_page
from app.pipeline.operators.rejections import list_rejections_page
from app.pipeline.operators.source_trials import Wish, try_at_source
from app.pipeline.operators.sources import find_source
from app.pipeline.services import Services
from app.storage.database.db import Database
from sandbox.sources.files import source as described
from sandbox.sources.signing import fire
from tests.builders import FrozenClock, make_services
from tests.console.desk import BASE_URL, PASSWORD, Desk

pytestmark = pytest.mark.backends("sqlite")

SECRET = "whsec_the-shops-own-secret-9f2c"
CHANNELS = f"""
[channels.shop]
platform = "stripe"
secret = "{SECRET}"
[channels.idle]
platform = "typeform"
secret = "${{NOT_THERE}}"
"""
TAKEN, REFUSED = "This source takes the request.", "This source refuses the request."


@pytest.fixture
def services(database: Database, clock: FrozenClock) -> Services:
    env = {"PUBLIC_BASE_URL": BASE_URL, "ADMIN_PASSWORD": PASSWORD}
    return make_services(database, channels=CHANNELS, env=env, clock=clock)


def delivery(services: Services, secret: str = SECRET) -> InboundRequest:
    """Return the source's own sample, signed now."""
    now = services.clock.now()
    made = fire(
        described("stripe"), now=now.timestamp(), identifier="evt_7",
        address=f"{BASE_URL}/webhooks/shop", settings={"secret": secret},
    )  # fmt: skip
    headers = tuple(made.headers.items())
    return InboundRequest("POST", "/webhooks/shop", "", headers, made.body, "203.0.113.9", now)


def as_text(request: InboundRequest, *, first_line: bool = True, end: str = "\n") -> str:
    lines = [f"POST {request.path} HTTP/1.1"] if first_line else []
    lines += [f"{name}: {value}" for name, value in request.headers]
    return end.join([*lines, "", ""]) + request.body.decode()


def tried(desk: Desk, **fields: str) -> str:
    answer = desk.post("/console/sources/stripe/try", fields)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:3000]
    return html.unescape(answer.get_data(as_text=True))


def nothing_is_kept(services: Services) -> bool:
    events = list_events_page(services, {}, cursor=None, limit=5)["items"]
    return not events and not list_rejections_page(services, None, cursor=None, limit=5)["items"]


def test_sources_with_a_channel_come_first_with_its_state(viewer: Desk) -> None:
    page = viewer.text("/console/sources")
    found = re.findall(r'href="/console/sources/([a-z0-9-]+)"', page)
    assert set(found[:2]) == {"stripe", "typeform"}
    assert len(found) > 100
    assert re.findall(r'href="/console/sources/([a-z0-9-]+)"', viewer.text("/console/sources?used=1")) == found[:2]  # fmt: skip
    assert re.search(r'shop <span class="badge good">on', re.sub(r"\s+", " ", page))
    assert re.search(r'idle <span class="badge ">off', re.sub(r"\s+", " ", page))


def test_a_search_that_finds_nothing_says_how_a_source_is_added(viewer: Desk) -> None:
    page = viewer.text("/console/sources?q=nobody-knows-this")
    assert "No source fits." in page
    assert "flask sources check FILE" in page


def test_a_pasted_request_is_proven_with_the_keys_of_a_channel(services: Services, operator: Desk) -> None:
    request = delivery(services)
    for first_line, end in ((True, "\n"), (False, "\n"), (True, "\r\n")):
        text = as_text(request, first_line=first_line, end=end)
        page = tried(operator, request=text, channel="shop")
        assert TAKEN in page, (first_line, end)
        assert "evt_7" in page
    assert nothing_is_kept(services)


def test_a_request_of_another_secret_is_refused_with_the_cause(services: Services, operator: Desk) -> None:
    page = tried(operator, request=as_text(delivery(services, "another-secret-12345678")), channel="shop")
    assert REFUSED in page
    assert re.search(r"Refused: \w+", page)
    assert nothing_is_kept(services)


def test_an_old_request_is_judged_at_the_time_it_came(services: Services, operator: Desk, clock: FrozenClock) -> None:  # fmt: skip
    text, at = as_text(delivery(services)), clock.now().isoformat()
    clock.advance(hours=5)
    assert REFUSED in tried(operator, request=text, channel="shop")
    assert TAKEN in tried(operator, request=text, channel="shop", at=at)


def test_typed_keys_are_used_and_shown_nowhere(services: Services, operator: Desk) -> None:
    key = "typed-secret-55aa77cc"
    page = tried(operator, request=as_text(delivery(services, key)), keys=f"secret={key}\n")
    assert TAKEN in page
    assert key not in page
    assert SECRET not in page


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_body_with_line_ends_survives_the_form_of_a_browser(
    services: Services, operator: Desk, end: str
) -> None:
    body, at = end.join(["{", '"id": "evt_8", "type": "x"', "}"]), int(services.clock.now().timestamp())
    proof = hmac.new(SECRET.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    text = f"Stripe-Signature: t={at},v1={proof}\n\n{body}"
    sent = text.replace("\r\n", "\n").replace("\n", "\r\n")
    page = tried(operator, request=sent, channel="shop")
    assert TAKEN in page
    assert ("carriage return" in page) is (end == "\r\n")


def test_what_is_no_text_goes_in_as_base64(services: Services, operator: Desk) -> None:
    raw = base64.b64encode(as_text(delivery(services)).encode()).decode()
    assert TAKEN in tried(operator, request=raw, in_base64="1", channel="shop")


def test_a_stored_event_is_tried_at_the_time_of_its_receipt(
    services: Services, operator: Desk, clock: FrozenClock
) -> None:
    receive(services, "shop", delivery(services), trace_id="")
    [event] = list_events_page(services, {}, cursor=None, limit=5)["items"]
    clock.advance(hours=6)
    assert TAKEN in tried(operator, event=event["id"])
    assert REFUSED in tried(operator, event=event["id"], keys="secret=not-the-one-12345")
    assert len(list_events_page(services, {}, cursor=None, limit=5)["items"]) == 1


def test_a_refused_request_is_tried_and_what_is_missing_is_said(services: Services, operator: Desk) -> None:
    with pytest.raises(RequestError):
        receive(services, "shop", delivery(services, "another-secret-12345678"), trace_id="")
    [rejection] = list_rejections_page(services, None, cursor=None, limit=5)["items"]
    link = f"/console/sources/stripe?rejection={rejection['id']}"
    assert f'href="{link}"' in operator.text(f"/console/rejections/{rejection['id']}")
    assert f'name="rejection" value="{rejection["id"]}"' in operator.text(link)
    page = tried(operator, rejection=str(rejection["id"]))
    assert REFUSED in page
    assert "The query of a refused request's address is not kept." in page


def test_an_event_of_another_source_is_not_opened_for_a_trial(services: Services, operator: Desk) -> None:
    receive(services, "shop", delivery(services), trace_id="")
    [event] = list_events_page(services, {}, cursor=None, limit=5)["items"]
    answer = operator.post("/console/sources/typeform/try", {"event": event["id"]})
    assert answer.status_code == 409
    assert "It came to a channel of another source" in answer.get_data(as_text=True)


def test_a_trial_shows_neither_typed_keys_nor_secrets_that_a_request_repeats(services: Services) -> None:
    key, now = "typed/secret 55aa77cc", services.clock.now()
    body = json.dumps({"id": "evt_9", "type": "x", "note": key, "path": quote(key, safe="")})
    at = int(now.timestamp())
    proof = hmac.new(key.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    request = f"Stripe-Signature: t={at},v1={proof}\n\n{body}"
    trial = try_at_source(services, find_source("stripe"), Wish(request=request, keys={"secret": key}))
    assert trial.is_taken
    assert key not in repr(trial)
    assert not [each for each in trial.sentences if quote(key, safe="") in each]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 400),
        ({"request": "x", "event": "1"}, 400),
        ({"request": "%%%", "in_base64": "1"}, 400),
        ({"request": "A: b", "at": "yesterday"}, 400),
        ({"request": "A: b", "channel": "nobody"}, 400),
        ({"request": "A: b", "keys": "no sign"}, 400),
        ({"request": "A: b", "keys": "unknown_key=1"}, 400),
        ({"request": "A" * 140_000}, 400),
        ({"request": "A" * 300_000}, 413),
        ({"event": "f" * 32}, 404),
        ({"event": "nul\0"}, 404),
        ({"rejection": "99"}, 404),
        ({"rejection": "9" * 40}, 404),
    ],
)
def test_what_cannot_be_tried_comes_back_with_the_cause(
    operator: Desk, fields: dict[str, str], status: int
) -> None:
    answer: TestResponse = operator.post("/console/sources/stripe/try", fields)
    assert answer.status_code == status
    assert 'role="alert"' in answer.get_data(as_text=True) or status == 413


def test_every_source_of_the_catalogue_opens(admin: Desk) -> None:
    for slug in ("stripe", "douyin-open", "okta", "epay-md5"):
        for language in ("en", "zh-CN"):
            page = admin.text(f"/console/sources/{slug}", **{"Accept-Language": language})
            assert page.count("<h1>") == 1
    assert admin.open("/console/sources/nobody").status_code == 404


def test_a_viewer_sees_a_source_and_tries_nothing(viewer: Desk) -> None:
    assert "<textarea" not in viewer.text("/console/sources/stripe")
    assert viewer.post("/console/sources/stripe/try", {"request": "A: b"}).status_code == 403


def test_markup_in_a_request_is_shown_as_text(operator: Desk) -> None:
    body = json.dumps({"id": "<script>alert(1)</script>"})
    answer = operator.post("/console/sources/stripe/try", {"request": f"A: b\n\n{body}"})
    assert "<script>alert" not in answer.get_data(as_text=True)
