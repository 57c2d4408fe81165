"""What people read of a refused login, on a page in their language."""

from __future__ import annotations

import pytest

from app.core.errors import UpstreamError
from app.wire.logins.hints import COMPOSED, HINTS
from app.wire.logins.sentences import in_chinese
from app.wire.oauth2 import raise_when_busy
from tests.login.gateway import Gateway
from tests.logins.replaying import answer_of
from tests.logins.scripted import Scripted, login
from tests.logins.test_simulator import go_through
from tests.sandbox.server import SandboxServer

VALUES = {
    "name": "Acme", "console": "open.acme.example → {app}", "redirect_uri": "https://gate.example/oauth/x/callback",
    "status": "503", "code": "'isv.x'", "call": "user", "key": "private_key", "algorithm": "ES256", "why": "it is no JSON",
}  # fmt: skip


def test_every_sentence_is_found_again_with_what_was_filled_in():
    for hint in (*HINTS.values(), *COMPOSED.values()):
        found = in_chinese(hint.sentence.format(**VALUES), {"Acme": "爱克美"}.__getitem__)
        assert found == hint.sentence_zh.format(**VALUES | {"name": "爱克美"})


def test_sentences_that_are_raised_elsewhere_are_found_too():
    with pytest.raises(UpstreamError) as discovery:
        login("keycloak", issuer="https://id.example").learn(Scripted({"issuer": "https://other.example"}))
    with pytest.raises(UpstreamError) as busy:
        raise_when_busy(answer_of(502, {}, b""))
    for caught in (discovery, busy):
        assert in_chinese(caught.value.message, str)


def test_another_sentence_is_left_to_the_catalogue():
    for message in (
        "Start again.",
        "",
        "Acme says that",
        "x" * 100_000,
        "The login server refused with {code}",
    ):
        assert in_chinese(message, str) is None


@pytest.mark.parametrize(
    ("slug", "switch", "words"),
    [
        ("alipay", "refuses_code_used", "支付宝表示授权码已用过或已过期，请重新登录。"),
        ("facebook", "refuses_client_secret", "Facebook不接受这个应用的密钥：请对照 developers.facebook.com"),
    ],
)
def test_a_person_reads_the_refusal_in_chinese(
    gateway: Gateway, sandbox: SandboxServer, slug: str, switch: str, words: str
):
    sandbox.state.switches[switch] = True
    headers = {"Accept": "text/html", "Accept-Language": "zh-CN"}
    answer = go_through(sandbox, gateway.browser(), slug, headers=headers)
    assert words in answer.text
