"""The chat view: conversations in order, what a message is made of, and nothing in it that a message could do to the page."""

from __future__ import annotations

import re

import pytest
import requests
from markupsafe import Markup

from sandbox.drawn_markdown import BLOCKS, PIECES, MarkdownLook, draw_markdown
from sandbox.inbox import Delivered
from sandbox.platforms import simulated_platforms
from tests.sandbox.server import SandboxServer

EVERYTHING = MarkdownLook(BLOCKS | frozenset(PIECES))


def page(sandbox: SandboxServer, path: str = "/inbox", language: str = "en") -> str:
    answer = requests.get(sandbox.url + path, headers={"Accept-Language": language}, timeout=5)
    assert answer.status_code == 200
    return answer.text


def deliver(sandbox: SandboxServer, text: str, conversation: str = "robot", **more: object) -> None:
    given = {
        "platform": "callback",
        "conversation_title": f"Title of {conversation}",
        "kind": "text",
        "at": 1e9,
    }
    sandbox.state.inbox.keep(Delivered(conversation=conversation, text=text, **{**given, **more}))  # type: ignore[arg-type]


@pytest.mark.parametrize(("language", "sentence"), [("en", "No messages yet"), ("zh-CN", "还没有消息")])
def test_an_empty_view_says_how_to_send_a_first_message(
    sandbox: SandboxServer, language: str, sentence: str
) -> None:
    found = page(sandbox, language=language)
    assert sentence in found
    example = next(each.first_message for each in simulated_platforms() if each.first_message)
    assert str(Markup.escape(f"flask messages send {example}")) in found


def test_the_conversation_that_spoke_last_comes_first(sandbox: SandboxServer) -> None:
    for text, conversation in (("one", "a"), ("two", "b"), ("three", "chat:x/y==")):
        deliver(sandbox, text, conversation)
    deliver(sandbox, "four", "a")
    found = page(sandbox)
    links = re.findall(r'href="(/inbox/callback/[^"]+)"', found)
    assert [link.rpartition("/inbox/callback/")[2] for link in links] == ["a", "chat:x/y==", "b"]
    assert "three" in page(sandbox, links[1])
    assert requests.get(f"{sandbox.url}/inbox/callback/nobody", timeout=5).status_code == 404


def test_a_message_shows_everything_it_is_made_of(sandbox: SandboxServer) -> None:
    deliver(
        sandbox,
        "is full",
        heading="Disk",
        mentions=("maya", "@all"),
        fields=(("host", "db-1"),),
        buttons=(("Open", "https://a.example/"), ("Nowhere", "javascript:alert(1)")),
        raw={"msgtype": "text", "text": {"content": "原文"}},
    )
    found = page(sandbox)
    for piece in (
        "Disk",
        "is full",
        "@maya",
        "@all",
        "<dt>host</dt>",
        "db-1",
        'href="https://a.example/"',
        "原文",
    ):
        assert piece in found, piece
    assert "<span>Nowhere</span>" in found
    assert "javascript:" not in found.replace("<span>Nowhere</span>", "")


def test_what_a_message_says_cannot_become_part_of_the_page(sandbox: SandboxServer) -> None:
    bad = "<img src=x onerror=alert(1)>"
    deliver(sandbox, bad, heading=bad, kind=bad, fields=((bad, bad),), buttons=((bad, bad),), raw={bad: bad})
    deliver(
        sandbox,
        bad,
        conversation=bad,
        drawn=draw_markdown(
            f'# {bad}\n{bad} `{bad}` {bad} **{bad}** [{bad}](https://a.example/"{bad})', EVERYTHING
        ),
    )
    found = page(sandbox) + page(sandbox, "/inbox/callback/robot")
    assert "<img src=x" not in found
    assert "onerror=alert(1)&gt;" in found


def test_only_our_own_script_runs_there(sandbox: SandboxServer) -> None:
    answer = requests.get(f"{sandbox.url}/inbox", timeout=5)
    assert "script-src 'self'; connect-src 'self'" in answer.headers["Content-Security-Policy"]
    assert re.findall(r"<script[^>]*>", answer.text) == ['<script src="/static/inbox.js" defer>']


def test_the_version_changes_with_every_message_and_when_all_are_cleared(sandbox: SandboxServer) -> None:
    def version() -> str:
        return str(requests.get(f"{sandbox.url}/inbox/version", timeout=5).json()["version"])

    seen = [version()]
    deliver(sandbox, "one")
    seen.append(version())
    requests.post(f"{sandbox.url}/inbox/clear", timeout=5)
    seen.append(version())
    assert len(set(seen)) == 3
    assert version() == seen[-1]
    assert "No messages yet" in page(sandbox)


def test_markdown_is_drawn_as_far_as_a_platform_knows_it() -> None:
    plain = MarkdownLook(frozenset(), lines_end=False)
    for text, everything, nothing in (
        ("## a *b*", "<h4>a <em>b</em></h4>", "<p>## a *b*</p>"),
        ("**a *b* c**", "<p><strong>a <em>b</em> c</strong></p>", "<p>**a *b* c**</p>"),
        (
            "- a\n  1. b\n- c",
            '<ul><li>a<ol start="1"><li>b</li></ol></li><li>c</li></ul>',
            "<p>- a   1. b - c</p>",
        ),
        (
            "> a\n>> b",
            "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>",
            "<p>&gt; a &gt;&gt; b</p>",
        ),
        ("```\n<x>\n```", "<pre><code>&lt;x&gt;</code></pre>", "<p>``` &lt;x&gt; ```</p>"),
        ("a  \nb\nc", "<p>a<br>b<br>c</p>", "<p>a<br>b c</p>"),
        ("[a](javascript:x)", "<p>[a](javascript:x)</p>", "<p>[a](javascript:x)</p>"),
    ):
        assert str(draw_markdown(text, EVERYTHING)) == everything
        assert str(draw_markdown(text, plain)) == nothing
    assert "<th>a</th>" in draw_markdown("| a | b |\n|---|:-:|\n| 1 | 2 |", EVERYTHING)


def test_drawing_ends_soon_whatever_the_text() -> None:
    for text in (
        ">" * 5000,
        "*" * 20_000,
        "[" * 20_000,
        "- " * 9000,
        "`" * 20_001,
        "|" * 20_000 + "\n|-|",
        "**a*" * 5000,
    ):
        draw_markdown(text, EVERYTHING)
