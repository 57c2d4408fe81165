"""A refused delivery is kept without the credentials it carried, and still says what it was."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from app.core.errors import RequestError
from app.core.values import JSON, CredentialPlaces, InboundRequest
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.rejections import list_rejections_page
from app.pipeline.services import Services
from app.security.redaction import MASK
from app.storage.inbox.rejections import rejections
from tests.inbound.open_source import OpenSource, delivery, services_of
from tests.platforms.feishu import channel as feishu
from tests.platforms.feishu import signing

MakeServices = Callable[..., Services]
FEISHU = f"""
[channels.feishu]
platform = "feishu"
app_id = "{signing.APP_ID}"
verification_token = "{signing.TOKEN}"
"""


def rejection_of(services: Services, request: InboundRequest, channel: str) -> dict[str, Any]:
    with pytest.raises(RequestError):
        receive(services, channel, request, trace_id="")
    (item,) = list_rejections_page(services, None, cursor=None, limit=9)["items"]
    return dict(item)


def body_of(rejection: dict[str, Any]) -> bytes:
    return base64.b64decode(rejection["body_base64"])


def test_the_verification_token_of_a_refused_event_is_masked(services_with: MakeServices) -> None:
    """The token fits and the app id doesn't: nothing of it was wrong, and it stood there in clear."""
    body = signing.compact(feishu.v2_event(app_id="cli_other"))
    kept = rejection_of(services_with(channels=FEISHU), feishu.delivery(body), "feishu")
    assert kept["reason"].startswith("wrong_app_id")
    assert kept["body_length"] == len(body)
    assert body_of(kept) == body.replace(signing.TOKEN.encode(), MASK.encode())


@pytest.mark.parametrize("channel", ["feishu", "nowhere"])
def test_what_looks_like_a_credential_is_masked_whoever_sends_it(
    services_with: MakeServices, channel: str
) -> None:
    body = json.dumps({"password": "hunter2", "n": 1}).encode()
    kept = rejection_of(services_with(channels=FEISHU), feishu.delivery(body, {"X-Token": "abc"}), channel)
    assert json.loads(body_of(kept)) == {"password": MASK, "n": 1}
    assert ["X-Token", MASK] in kept["headers"]


def test_a_body_that_was_cut_holds_no_part_of_a_credential(services_with: MakeServices) -> None:
    body = b"x" * 4080 + b' "token":"' + b"s3cret-s3cret" * 9 + b'"'
    kept = rejection_of(services_with(channels=FEISHU), feishu.delivery(body), "feishu")
    assert b"s3cr" not in body_of(kept)
    assert kept["body_length"] == len(body)


def test_places_of_the_platform_are_masked_in_what_it_refuses(services_with: MakeServices) -> None:
    class Picky(OpenSource):
        def credential_places(self, data: JSON | None) -> CredentialPlaces:
            fields = ("auth.word",) if data is None else ()
            return CredentialPlaces(frozenset({"x-pass"}), frozenset(), fields)

        def parse(self, request: InboundRequest, verified: Any) -> Any:
            raise RequestError("odd", "It is odd.")

    request = delivery(b'{"auth":{"word":"abc"},"x":1}', headers=(("X-Pass", "abc"), ("X-Other", "abc")))
    kept = rejection_of(services_of(services_with, Picky()), request, "open")
    assert json.loads(body_of(kept)) == {"auth": {"word": MASK}, "x": 1}
    assert kept["headers"] == [["X-Pass", MASK], ["X-Other", "abc"]]


def test_one_that_was_kept_before_is_masked_where_it_is_shown(services_with: MakeServices) -> None:
    services = services_with(channels=FEISHU)
    rejection_of(services, feishu.delivery(b"{}"), "feishu")
    with services.database.begin() as tx:
        tx.execute(rejections.update().values(body_start=b'{"token":"abc"}'))
    (item,) = list_rejections_page(services, None, cursor=None, limit=9)["items"]
    assert json.loads(body_of(item)) == {"token": MASK}


def test_what_a_proxy_repeats_of_the_address_is_masked(services_with: MakeServices) -> None:
    headers = {"X-Original-URI": "/webhooks/feishu?q=1&t=open-sesame-1", "X-Token": "open-sesame-1"}
    kept = rejection_of(services_with(channels=FEISHU), feishu.delivery(b"{}", headers), "feishu")
    assert ["X-Original-URI", f"/webhooks/feishu?q=1&t={MASK}"] in kept["headers"]
