"""What a follower types never breaks the chat: markup, control characters, cut emojis and blanks, in XML and JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.core.errors import PayloadError
from app.pipeline.services import Services
from app.security.safe_xml import parse_xml
from app.wire.wechat_family.messages import REPLACED, parse_message

MakeServices = Callable[..., Services]
HEAD = "<ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o1]]></FromUserName>"
TAIL = "<MsgType><![CDATA[text]]></MsgType><MsgId>1</MsgId>"


def message(content: bytes) -> bytes:
    return f"<xml>{HEAD}{TAIL}<Content><![CDATA[".encode() + content + b"]]></Content></xml>"


def read(content: bytes) -> dict[str, Any]:
    return dict(parse_message(message(content)).data)


@pytest.mark.parametrize(
    "typed",
    [
        "<!DOCTYPE html><html>", "<!ENTITY x 'y'>", "&amp; &x; &#1;", "<![CDATA[", "<xml><MsgType>event</MsgType></xml>",
        "  blanks at both ends \n ", " ", "\t", "<!-- a comment", "]] >", "\U0001f600",
    ],
)  # fmt: skip
def test_text_stays_as_it_was_typed(typed: str) -> None:
    fields = read(typed.encode())
    assert fields["Content"] == typed
    assert REPLACED not in fields
    assert fields["MsgType"] == "text"


@pytest.mark.parametrize(
    ("typed", "meant", "count"),
    [
        (b"a\x01b", "a\ufffdb", 1),
        (b"a\x00\x0b\x1fb", "a\ufffd\ufffd\ufffdb", 3),
        (b"cut \xf0\x9f\x98", "cut \ufffd", 1),
        (b"half \xed\xa0\xbd", "half \ufffd\ufffd\ufffd", 3),
        ("not a character \uffff".encode(), "not a character \ufffd", 1),
        (b" both <!DOCTYPE x> \xff ", " both <!DOCTYPE x> \ufffd ", 1),
        ("one of ours \ufffd and ".encode() + b"\x02", "one of ours \ufffd and \ufffd", 1),
        (b"&#1; typed \x02", "&#1; typed \ufffd", 1),
    ],
)
def test_what_xml_cannot_hold_is_replaced_and_counted(typed: bytes, meant: str, count: int) -> None:
    fields = read(typed)
    assert (fields["Content"], fields[REPLACED]) == (meant, count)


@pytest.mark.parametrize("reference", ["&#1;", "&#x0;", "&#xD83D;", "&#55357;", "&#xFFFFFF;", "&#x110000;"])
def test_a_reference_to_what_xml_cannot_hold_is_replaced(reference: str) -> None:
    body = f"<xml>{HEAD}{TAIL}<Content>a{reference}b &#x4f60;</Content></xml>"
    fields = parse_message(body.encode()).data
    assert (fields["Content"], fields[REPLACED]) == ("a\ufffdb \u4f60", 1)


@pytest.mark.parametrize(
    "body",
    [
        "<!DOCTYPE xml><xml><a>1</a></xml>",
        '<!DOCTYPE xml [<!ENTITY x "y">]><xml><a>&x;</a></xml>',
        '<?xml version="1.0"?>\n<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml><a>1</a></xml>',
        '<!-- <![CDATA[ --><!DOCTYPE xml [<!ENTITY x "y">]><xml><a>&x;]]&gt;</a></xml>',
        '<!-- <![CDATA[ --><!DOCTYPE xml [<!ENTITY x "y">]><xml><a>&x;\x01</a></xml>',
        "<xml><a>1</a></xml><!DOCTYPE xml>",
        "<xml><a>&x;</a></xml>",
    ],
)
def test_a_document_type_in_its_place_stays_refused(body: str) -> None:
    with pytest.raises(ValueError, match="XML"):
        parse_xml(body.encode(), root="xml")


def test_blanks_around_the_words_of_the_protocol_say_nothing() -> None:
    spaced = "<xml>\n <FromUserName> o1\n</FromUserName>\n <MsgType>\ttext </MsgType>\n <Content> a </Content>\n</xml>"
    event = parse_message(spaced.encode())
    assert (event.type, event.subject, event.data["Content"]) == ("message.text", "o1", " a ")
    assert set(event.data) == {"FromUserName", "MsgType", "Content"}


@pytest.mark.parametrize(
    ("typed", "meant", "count"),
    [
        (b"line\nend\t", "line\nend\t", None),
        (b"a\x01b", "a\ufffdb", 1),
        (b"cut \xf0\x9f\x98", "cut \ufffd", 1),
        (rb"cut \ud83d", "cut \ufffd", None),
        (rb"quoted \" and \\" + b"\n", 'quoted " and \\\n', None),
    ],
)
def test_json_takes_what_people_type_too(typed: bytes, meant: str, count: int | None) -> None:
    body = b'{"FromUserName":"o1",\n"MsgType":"text",\n"Content":"' + typed + b'"}'
    fields = parse_message(body).data
    assert (fields["Content"], fields.get(REPLACED)) == (meant, count)


@pytest.mark.parametrize(
    "body", [b'{"FromUserName":"o1","MsgType":"text",}', b"<xml><a></xml>", b"<xml>\x01", b"\xff"]
)
def test_what_is_broken_otherwise_stays_refused(body: bytes) -> None:
    with pytest.raises(PayloadError, match="neither the XML nor the JSON"):
        parse_message(body)
