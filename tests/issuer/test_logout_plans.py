"""What OpenID certification asks about discovery and logout, one test for each module.

Module names are those of the conformance suite, release 5.2: plans oidcc-config-certification-test-plan,
oidcc-rp-initiated-logout-certification-test-plan and oidcc-backchannel-rp-initiated-logout-certification-test-plan
(read 2026-11-29). Back-channel logout itself (oidcc-backchannel-rp-initiated-logout) is in test_logout.py.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from joserfc.jwk import KeySet

from tests.issuer.clients import BackEnd, Person, hidden_fields, parameters
from tests.login.browser import BASE_URL
from tests.login.in_memory import InMemoryGateway

pytestmark = pytest.mark.backends("sqlite")
BYE = "https://wiki.example/bye"


@pytest.fixture
def hint(person: Person, wiki: BackEnd) -> str:
    """The ID token of a flow that the person went through."""
    token: str = wiki.tokens(person.code())["id_token"]
    return token


def end(person: Person, **query: str | None) -> Any:
    """Send the browser to the end of the session, as a client does."""
    pairs = {name: value for name, value in query.items() if value is not None}
    return person.browser.get(f"/oidc/logout?{urlencode(pairs)}")


def is_logged_in(person: Person) -> bool:
    """Ask as the suite does: by prompt=none."""
    return parameters(person.authorize(prompt="none")).get("error") != "login_required"


def discovery(gateway: InMemoryGateway) -> dict[str, Any]:
    client = gateway.app.test_client()
    found: Any = client.get("/.well-known/openid-configuration", base_url=BASE_URL).json
    return dict(found)


# oidcc-discovery-endpoint-verification
def test_discovery_has_what_the_specification_requires(gateway: InMemoryGateway) -> None:
    document = discovery(gateway)
    assert document["issuer"] == BASE_URL
    assert "code" in document["response_types_supported"]
    assert document["subject_types_supported"] == ["public"]
    assert "RS256" in document["id_token_signing_alg_values_supported"]
    assert "openid" in document["scopes_supported"]
    assert {"sub", "iss", "aud"} <= set(document["claims_supported"])
    for name, value in document.items():
        if name.endswith(("_endpoint", "_uri")):
            assert urlsplit(value).scheme == "https", name
    keys: Any = gateway.app.test_client().get(urlsplit(document["jwks_uri"]).path, base_url=BASE_URL).json
    assert len({key["kid"] for key in keys["keys"]}) == len(keys["keys"])
    assert KeySet.import_key_set(keys)
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & {name for key in keys["keys"] for name in key}


# oidcc-rp-initiated-logout-discovery-endpoint-verification, oidcc-backchannel-logout-discovery-endpoint-verification
def test_discovery_announces_both_kinds_of_logout(gateway: InMemoryGateway) -> None:
    document = discovery(gateway)
    assert document["end_session_endpoint"] == f"{BASE_URL}/oidc/logout"
    assert document["backchannel_logout_supported"] is True
    assert document["backchannel_logout_session_supported"] is True


# oidcc-rp-initiated-logout
def test_a_logout_with_all_parameters_comes_back_with_its_state(person: Person, hint: str) -> None:
    answer = end(person, id_token_hint=hint, post_logout_redirect_uri=BYE, state="s-9")
    assert answer.headers["Location"] == f"{BYE}?state=s-9"
    assert not is_logged_in(person)


# The same by a form: the endpoint has to take both (RP-Initiated Logout §2).
def test_a_logout_by_post_comes_back_too(person: Person, hint: str) -> None:
    form = {"id_token_hint": hint, "post_logout_redirect_uri": BYE, "state": "s-9"}
    first = person.browser.post("/oidc/logout", data=form, headers={"Origin": "https://wiki.example"})
    assert person.browser.get(first.headers["Location"]).headers["Location"] == f"{BYE}?state=s-9"
    assert not is_logged_in(person)


# oidcc-rp-initiated-logout-no-state
def test_a_logout_without_state_comes_back_without(person: Person, hint: str) -> None:
    assert end(person, id_token_hint=hint, post_logout_redirect_uri=BYE).headers["Location"] == BYE
    assert not is_logged_in(person)


# oidcc-rp-initiated-logout-no-post-logout-redirect-uri
def test_a_logout_without_address_ends_on_a_page(person: Person, hint: str) -> None:
    answer = end(person, id_token_hint=hint, state="s-9")
    assert (answer.status_code, answer.headers.get("Location")) == (200, None)
    assert "You are logged out" in answer.get_data(as_text=True)
    assert not is_logged_in(person)


# oidcc-rp-initiated-logout-no-params, oidcc-rp-initiated-logout-only-state
@pytest.mark.parametrize("state", [None, "s-9"])
def test_a_logout_without_hint_is_the_persons_to_decide(person: Person, hint: str, state: str | None) -> None:
    page = end(person, state=state)
    assert is_logged_in(person)
    fields = hidden_fields(page) | {"decision": "yes"}
    done = person.browser.post("/oidc/logout", data=fields, headers={"Origin": BASE_URL})
    assert "You are logged out" in done.get_data(as_text=True)
    assert not is_logged_in(person)


# oidcc-rp-initiated-logout-bad-post-logout-redirect-uri,
# oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri
@pytest.mark.parametrize(
    "address", ["https://wiki.example/other", f"{BYE}?foo=bar", f"{BYE}/", "javascript:1"]
)
def test_an_address_that_is_not_registered_is_not_gone_to(person: Person, hint: str, address: str) -> None:
    answer = end(person, id_token_hint=hint, post_logout_redirect_uri=address, state="s-9")
    assert (answer.status_code, answer.headers.get("Location"), answer.mimetype) == (400, None, "text/html")


# oidcc-rp-initiated-logout-no-id-token-hint
def test_an_address_without_a_hint_is_not_gone_to(person: Person, hint: str) -> None:
    answer = end(person, post_logout_redirect_uri=BYE, state="s-9")
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)


# oidcc-rp-initiated-logout-modified-id-token-hint, oidcc-rp-initiated-logout-bad-id-token-hint
@pytest.mark.parametrize("kind", ["modified", "bad"])
def test_a_hint_that_is_none_of_ours_ends_nothing(person: Person, hint: str, kind: str) -> None:
    head, body, signature = hint.split(".")
    wrong = f"{head}.{body}.{signature[::-1]}" if kind == "modified" else "not.a.token"
    answer = end(person, id_token_hint=wrong, post_logout_redirect_uri=BYE, state="s-9")
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)
    assert is_logged_in(person)
