"""Rejections in the console: grouped by cause with the cure, one by one with the evidence, in both languages."""

from __future__ import annotations

import re

import pytest

from app.core.errors import RequestError
from app.pipeline.inbound.receive import receive
from app.pipeline.services import Services
from app.storage.inbox.rejections import NewRejection, insert_rejection
from tests.builders import NOW, FrozenClock, signed_callback
from tests.console.desk import Desk
from tests.odd_text import ODD_TEXTS


def refuse(services: Services, channel: str = "callback", **headers: str) -> None:
    """Send a delivery that is refused."""
    request = signed_callback(
        b'{"a": 1, "phone": "13812345678"}',
        path=f"/webhooks/{channel}",
        headers=headers or {"X-Signature": "0" * 64},
        received_at=services.clock.now(),
    )
    with pytest.raises(RequestError):
        receive(services, channel, request, trace_id="1" * 32)


def insert(services: Services, **changes: object) -> None:
    usual = {
        "channel": "callback",
        "status": 401,
        "error": "bad_signature",
        "reason": "bad_signature: the signature does not fit",
        "method": "POST",
        "path": "/webhooks/callback",
        "remote_addr": "203.0.113.7",
        "received_at": NOW,
        "headers": (("X-Signature", "0" * 64),),
        "body": b'{"a": 1}',
        "trace_id": "1" * 32,
    }
    with services.database.begin() as tx:
        insert_rejection(tx, NewRejection(**(usual | changes)))  # type: ignore[arg-type]


def rows(page: str) -> list[str]:
    return re.findall(r'class="row-link" href="/console/rejections/(\d+)"', page)


def test_rejections_are_grouped_by_cause_with_the_cure(
    services: Services, admin: Desk, clock: FrozenClock
) -> None:
    for _ in range(3):
        refuse(services)
        clock.advance(seconds=5)
    refuse(services, "nobody")
    page = admin.text("/console/rejections")
    counts = re.findall(r"<strong>(\d+)</strong><small>(?:<[^>]+>)?([^<]+)", page)
    assert counts == [("3", "callback"), ("1", "no such channel")]
    assert "The signature does not fit" in page
    assert "<code>secret</code>" in page
    assert len(rows(page)) == 4


@pytest.mark.backends("sqlite")
def test_a_cause_leads_to_its_rejections(services: Services, admin: Desk) -> None:
    refuse(services)
    refuse(services, "nobody")
    link = re.search(
        r'href="(/console/rejections\?channel=callback&amp;reason=\w+)"', admin.text("/console/rejections")
    )
    assert link is not None
    page = admin.text(link[1].replace("&amp;", "&"))
    assert len(rows(page)) == 1
    assert "Causes" not in page


@pytest.mark.backends("sqlite")
def test_causes_and_cures_are_told_in_chinese(services: Services, admin: Desk) -> None:
    refuse(services)
    page = admin.text("/console/rejections", **{"Accept-Language": "zh-CN"})
    assert "签名不符" in page
    assert "请从平台页面重新复制" in page


def test_one_rejection_shows_its_evidence_and_what_to_do(services: Services, admin: Desk) -> None:
    refuse(services)
    [identifier] = rows(admin.text("/console/rejections"))
    page = admin.text(f"/console/rejections/{identifier}")
    for part in (
        "The signature does not fit",
        "POST /webhooks/callback",
        "203.0.113.7",
        "1" * 32,
        "X-Signature",
        "phone",
    ):
        assert part in page
    assert "13812345678" not in page


@pytest.mark.backends("sqlite")
def test_filters_choose_channel_and_time(services: Services, admin: Desk, clock: FrozenClock) -> None:
    refuse(services)
    clock.advance(hours=1)
    refuse(services, "nobody")
    assert len(rows(admin.text("/console/rejections?channel=callback"))) == 1
    assert len(rows(admin.text("/console/rejections?channel=(unknown)"))) == 1
    assert len(rows(admin.text("/console/rejections?since=2026-11-20T12:30"))) == 1
    assert "No rejection fits." in admin.text("/console/rejections?channel=other")


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    "query", ["since=x", "cursor=x", "cursor=-1", "channel=%00", "reason=%00", "cursor=" + "9" * 40]
)
def test_a_bad_filter_is_told_in_words(admin: Desk, query: str) -> None:
    answer = admin.open(f"/console/rejections?{query}")
    assert answer.status_code == 400
    assert "That did not work" in answer.get_data(as_text=True)


@pytest.mark.backends("sqlite")
def test_without_rejections_the_page_is_calm(admin: Desk) -> None:
    assert "Nothing was refused." in admin.text("/console/rejections")


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("name", ["0", "999999", "x", "-1", "%00", "9" * 60, "1.5"])
def test_a_rejection_that_is_not_there_is_told_in_words(admin: Desk, name: str) -> None:
    answer = admin.open(f"/console/rejections/{name}")
    assert answer.status_code == 404
    assert "no longer kept" in answer.get_data(as_text=True)


@pytest.mark.backends("sqlite")
def test_hostile_text_is_shown_as_text(services: Services, admin: Desk) -> None:
    hostile = '<img src=x onerror="alert(1)">\u202e'
    insert(
        services,
        error=hostile,
        reason=f"{hostile}: {hostile}",
        method="<b>",
        path=f"/webhooks/{hostile}",
        remote_addr=hostile,
        headers=((hostile, hostile),),
        body=hostile.encode() + b"\x00\xff",
        trace_id="<i>",
    )
    for page in ("/console/rejections", "/console/rejections/1"):
        text = admin.text(page)
        assert "<img src=x" not in text, page
        assert "\u202e" not in text, page


def test_odd_text_breaks_no_page(services: Services, admin: Desk) -> None:
    for text in ODD_TEXTS.values():
        insert(
            services,
            reason=text,
            path=text,
            remote_addr=text,
            headers=((text, text),),
            body=text.encode("utf-8", "replace"),
        )
    page = admin.text("/console/rejections")
    assert len(rows(page)) == len(ODD_TEXTS)
    for identifier in rows(page):
        admin.text(f"/console/rejections/{identifier}")
