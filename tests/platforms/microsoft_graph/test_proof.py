"""What proves a delivery of Graph, and what does not: clientState in each entry, tokens, and the seal of a resource."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from app.core.ports import KeyFinder
from app.core.values import Coverage
from sandbox.platforms.microsoft_graph import keys
from sandbox.platforms.microsoft_graph.signer import jwks, sealed, signed
from tests.platforms.deliveries import NOW, SECONDS, delivery
from tests.platforms.microsoft_graph.notifying import (
    ADDRESS,
    APP,
    BASE,
    PLAIN,
    RESOURCE,
    SETTINGS,
    STATE,
    TENANT,
    channel,
    entry,
    notify,
    proof,
    remote,
    rich,
)
from tests.platforms.recorded import judge, opened

OTHER_TENANT = "00000000-6d4d-4958-8b9f-9d6445542f95"


def refusal(request: Any, http: Any = None, **settings: Any) -> str:
    judged = judge(channel(**settings), request, http or remote())
    assert judged.outcome == "refuse"
    return judged.why


def flipped(text: str) -> str:
    raw = bytearray(b64decode(text))
    raw[len(raw) // 2] ^= 1
    return b64encode(bytes(raw)).decode()


def test_a_plain_entry_is_proven_by_its_client_state_and_nobody_is_asked() -> None:
    http = remote()
    assert judge(channel(), notify(entry()), http).outcome == "accept"
    assert judge(opened("microsoft-graph", PLAIN), notify(entry()), http).outcome == "accept"
    assert http.asked == []


@pytest.mark.parametrize(
    "state", ["", "x", STATE.upper(), STATE + " ", None, 5, [STATE], "é", "\ud800"], ids=ascii
)
def test_another_client_state_is_refused(state: Any) -> None:
    assert refusal(notify(entry(clientState=state))) == "bad_client_state"


def test_every_entry_of_a_batch_must_name_it() -> None:
    assert refusal(notify(entry(), entry(clientState="x"))) == "bad_client_state"
    assert refusal(notify(entry(clientState=None), entry())) == "bad_client_state"


def test_both_states_are_good_while_it_changes() -> None:
    source = channel(client_state=["the-next-one", STATE])
    assert judge(source, notify(entry(), entry(clientState="the-next-one"))).outcome == "accept"


def test_without_a_client_state_nothing_is_taken() -> None:
    source = channel(client_state="")
    assert source.settings.missing_signature_secret() == "client_state"
    assert judge(source, notify(entry(clientState=""))).why == "bad_client_state"


@pytest.mark.parametrize(
    "body", [{"value": []}, {"value": None}, {}, {"value": [5]}, {"value": {}}, {"value": [[]]}], ids=str
)
def test_a_delivery_without_entries_proves_nothing(body: Any) -> None:
    assert refusal(delivery(json.dumps(body).encode())) == "no_entries"


def test_a_delivery_of_very_many_entries_is_refused_before_any_is_opened() -> None:
    assert refusal(notify(*[entry()] * 1001)) == "too_many_entries"


@pytest.mark.parametrize("body", [b"", b"[]", b"text", b'{"value":[],"value":[]}'])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    assert refusal(delivery(body)) == "not_a_notification"


def test_a_resource_is_opened_once_the_tokens_are_proven() -> None:
    http = remote()
    (event,) = judge(channel(), notify(rich(), tokens=[proof()]), http).events
    assert event.data["content"] == RESOURCE
    assert "encryptedContent" not in event.data
    assert http.asked == [f"GET {ADDRESS}"]


def test_with_keys_of_its_own_a_channel_asks_nobody() -> None:
    source = channel(jwks=jwks())
    assert not isinstance(source, KeyFinder)
    assert judge(source, notify(rich(), tokens=[proof()])).outcome == "accept"


def test_both_versions_of_tokens_are_good() -> None:
    old = proof(
        azp=None, appid="0bf30f3b-4a52-48df-9a82-234910c4a086", iss=f"https://sts.windows.net/{TENANT}/"
    )
    assert judge(channel(), notify(rich(), tokens=[old]), remote()).outcome == "accept"


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"aud": "00000000-0000-0000-0000-000000000000"}, "wrong_audience"),
        ({"aud": None}, "wrong_audience"),
        ({"azp": APP}, "wrong_sender"),
        ({"azp": None}, "wrong_sender"),
        ({"azp": APP, "appid": "0bf30f3b-4a52-48df-9a82-234910c4a086"}, "wrong_sender"),
        ({"iss": f"{BASE}/{OTHER_TENANT}/v2.0"}, "wrong_issuer"),
        ({"iss": f"https://evil.example/{TENANT}/v2.0"}, "wrong_issuer"),
        ({"iss": None}, "wrong_issuer"),
        ({"exp": None}, "bad_token_time"),
        ({"exp": SECONDS - 61}, "timestamp_outside_tolerance"),
        ({"nbf": SECONDS + 61}, "timestamp_outside_tolerance"),
    ],
)
def test_every_claim_of_a_token_counts(claims: dict[str, Any], why: str) -> None:
    assert refusal(notify(rich(), tokens=[proof(**claims)])) == why


def test_every_token_must_be_good() -> None:
    assert refusal(notify(rich(), tokens=[proof(), proof(aud="other")])) == "wrong_audience"
    assert refusal(notify(rich(), tokens=[proof(aud="other"), proof()])) == "wrong_audience"


def test_tokens_beside_plain_entries_count_too() -> None:
    assert judge(channel(), notify(entry(), tokens=[proof()]), remote()).outcome == "accept"
    assert refusal(notify(entry(), tokens=[proof(aud="other")])) == "wrong_audience"


@pytest.mark.parametrize("tokens", [None, []], ids=["none", "empty"])
def test_a_resource_without_tokens_is_refused_for_anybody_can_seal_one(tokens: Any) -> None:
    assert refusal(notify(rich(), tokens=tokens)) == "missing_validation_tokens"


@pytest.mark.parametrize("name", ["app_id", "tenants"])
def test_a_resource_for_a_channel_that_cannot_prove_it_is_refused(name: str) -> None:
    assert refusal(notify(rich(), tokens=[proof()]), **{name: []}) == "resource_data_not_configured"


@pytest.mark.parametrize("algorithm", ["HS256", "none", "RS512"])
def test_no_other_algorithm_is_taken(algorithm: str) -> None:
    made = signed({"aud": APP}, {"alg": algorithm, "kid": keys.KEY_ID})
    assert refusal(notify(rich(), tokens=[made])) in ("algorithm_not_allowed", "malformed_signature")


@pytest.mark.parametrize("tokens", [["a.b"], [""], [5], ["é.a.a"], ["a.a.a"] * 17, "a.a.a"], ids=str)
def test_what_are_no_tokens_cause_no_call(tokens: Any) -> None:
    http = remote()
    content = {"value": [rich()], "validationTokens": tokens}
    assert refusal(delivery(json.dumps(content).encode()), http) == "malformed_signature"
    assert http.asked == []


def test_a_wrong_client_state_causes_no_call() -> None:
    http = remote()
    assert refusal(notify(rich() | {"clientState": "x"}, tokens=[proof()]), http) == "bad_client_state"
    assert http.asked == []


def test_tokens_of_two_keys_are_proven_with_both() -> None:
    both = jwks()["keys"] + [jwks()["keys"][0] | {"kid": "next"}]
    claims = {
        "aud": APP,
        "iss": f"{BASE}/{TENANT}/v2.0",
        "azp": "0bf30f3b-4a52-48df-9a82-234910c4a086",
        "exp": SECONDS + 60,
    }
    second = signed(claims, {"alg": "RS256", "kid": "next"})
    request = notify(rich(), tokens=[proof(), second])
    assert judge(channel(), request, remote(keys=both)).outcome == "accept"
    assert refusal(request, remote()) == "unknown_key"


def test_a_token_ends() -> None:
    late = notify(rich(), tokens=[proof()])._replace(received_at=NOW + timedelta(hours=1, seconds=61))
    assert refusal(late) == "timestamp_outside_tolerance"


@pytest.mark.parametrize("tenant", [OTHER_TENANT, None, ""])
def test_a_resource_of_a_tenant_that_no_token_names_is_refused(tenant: Any) -> None:
    assert refusal(notify(rich() | {"tenantId": tenant}, tokens=[proof()])) == "wrong_tenantId"


def test_a_token_of_one_tenant_says_nothing_about_another() -> None:
    request = notify(rich() | {"tenantId": OTHER_TENANT}, tokens=[proof()])
    assert refusal(request, tenants=[TENANT, OTHER_TENANT]) == "wrong_tenantId"


def test_a_plain_entry_of_another_tenant_is_refused_where_tenants_are_set() -> None:
    assert refusal(notify(entry(), entry(tenantId=OTHER_TENANT))) == "wrong_tenantId"
    assert judge(channel(), notify(entry(tenantId=None))).outcome == "accept"
    assert judge(opened("microsoft-graph", PLAIN), notify(entry(tenantId=OTHER_TENANT))).outcome == "accept"


@pytest.mark.parametrize("name", ["data", "dataKey", "dataSignature"])
def test_an_altered_seal_is_not_opened_and_says_nothing_about_why(name: str) -> None:
    content = sealed(RESOURCE)
    made = entry(encryptedContent=content | {name: flipped(content[name])})
    assert refusal(notify(made, tokens=[proof()])) == "decrypt_failed"
    assert refusal(notify(rich(RESOURCE, **{name: "*"}), tokens=[proof()])) == "decrypt_failed"


@pytest.mark.parametrize("name", ["data", "dataKey", "dataSignature", "encryptionCertificateId"])
@pytest.mark.parametrize("value", ["", None, 5])
def test_a_seal_without_one_of_its_parts_is_refused(name: str, value: Any) -> None:
    assert refusal(notify(rich(**{name: value}), tokens=[proof()])) == "bad_encrypted_content"


@pytest.mark.parametrize("content", [5, "text", [], None])
def test_what_is_no_seal_is_refused(content: Any) -> None:
    made = entry() | {"encryptedContent": content}
    assert refusal(notify(made, tokens=[proof()])) == "bad_encrypted_content"


def test_a_seal_for_an_unknown_certificate_is_refused() -> None:
    assert refusal(notify(rich(encryptionCertificateId="other"), tokens=[proof()])) == "unknown_certificate"


def test_a_key_under_another_certificates_id_opens_nothing() -> None:
    pem = f"-----BEGIN PRIVATE KEY-----\n{keys.PRIVATE_KEY}\n-----END PRIVATE KEY-----"
    settings = {"encryption_keys": {keys.ENCRYPTION_CERTIFICATE_ID: pem}}
    assert refusal(notify(rich(), tokens=[proof()]), **settings) == "decrypt_failed"


def test_nothing_covers_the_body_and_operators_are_shown_that() -> None:
    assert channel().signature_covers is Coverage.ORIGIN


def test_only_microsofts_keys_are_called() -> None:
    assert channel().origins == {f"{BASE}:443"}


@pytest.mark.parametrize(
    "settings",
    [
        {"encryption_keys": {"a": "text"}},
        {"client_state": "x" * 256},
        {"jwks": {"keys": []}},
        {"login_base": "text"},
    ],
    ids=str,
)
def test_what_is_written_wrongly_is_told_at_the_start_without_the_key(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        opened("microsoft-graph", SETTINGS | settings)
    assert keys.ENCRYPTION_PRIVATE_KEY not in str(caught.value)
