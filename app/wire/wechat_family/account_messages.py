"""Messages that accounts of WeChat send: customer service, templates, subscriptions; how they are checked, and one call for all.

A part's body holds `call`, one of CALLS, and `fields`, what the platform takes without the receiver. Sources: WeChat pages
客服接口-发消息, 模板消息 (类目模板), 订阅通知 and 小程序订阅消息 (read 2026-11-28). `unconfirmed`: 2048 bytes of a customer text, 15 and 200
characters of a one-time subscription. What is odd: values of templates have types, told by their names, and WeChat refuses the whole
message for one that does not fit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from app.core.sending import Lent, Message, Part, Recipient, SendRefused, SendResult
from app.core.values import JSON
from app.wire.native_messages import MOST_PREVIEWED, NativeType, check_native, native_preview
from app.wire.send_answers import SETTINGS, SendRules, taken
from app.wire.texts import Dialect, Limit, write_parts
from app.wire.texts.graphemes import last_boundary
from app.wire.wechat_family.send_rules import ACCOUNT

CUSTOMER, TEMPLATE, SUBSCRIBED, ONE_TIME, MINI_SUBSCRIBED = (
    "customer", "template", "subscribe", "subscribe_once", "mini_subscribe",
)  # fmt: skip
CALLS: Final[Mapping[str, str]] = MappingProxyType(
    {
        CUSTOMER: "cgi-bin/message/custom/send",
        TEMPLATE: "cgi-bin/message/template/send",
        SUBSCRIBED: "cgi-bin/message/subscribe/bizsend",
        ONE_TIME: "cgi-bin/message/template/subscribe",
        MINI_SUBSCRIBED: "cgi-bin/message/subscribe/send",
    }
)
TEXT_BYTES: Final = 2048
RESERVE: Final = 64
"""Bytes kept for the number of a part."""

LONGEST_VALUES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "thing": 20, "number": 32, "letter": 32, "symbol": 5, "character_string": 32, "phone_number": 17, "car_number": 8,
        "phrase": 5, "name": 20,
    }
)  # fmt: skip
"""Characters of a value by the type its name begins with; the other types are about form, not about length."""

PLACES = re.compile(r"(\{title\}|\{text\})")
VALUE_NAME = re.compile(r"([a-z_]{1,20})[0-9]{1,3}")
ONE_TIME_TITLE, ONE_TIME_TEXT = 15, 200
MOST_VALUES: Final = 30
PLAIN_LONGEST: Final = 20_000
CUT: Final = "…"


def longest(name: str) -> int | None:
    """Return how many characters the value of this name may have, None where its name does not say."""
    found = VALUE_NAME.fullmatch(name)
    return LONGEST_VALUES.get(found[1]) if found else None


def _template_fault(content: JSON) -> str | None:
    values = content.get("data")
    if not isinstance(values, Mapping) or not 0 < len(values) <= MOST_VALUES:
        return f"content.data must hold the template's values, 1 to {MOST_VALUES}."
    for name, given in values.items():
        value = given.get("value") if isinstance(given, Mapping) else None
        if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
            return f'content.data.{name} must be {{"value": …}} with a text in it.'
        most = longest(name)
        if most is not None and len(str(value)) > most:
            return (
                f"content.data.{name} has {len(str(value))} characters and WeChat takes {most}; shorten it."
            )
    return None


def _one_time_fault(content: JSON) -> str | None:
    data = content.get("data")
    inner = data.get("content") if isinstance(data, Mapping) else None
    text = inner.get("value") if isinstance(inner, Mapping) else None
    if not isinstance(text, str) or not 0 < len(text) <= ONE_TIME_TEXT:
        return f"content.data.content.value must be a text of 1 to {ONE_TIME_TEXT} characters."
    if len(content["title"]) > ONE_TIME_TITLE:
        return f"content.title may have {ONE_TIME_TITLE} characters."
    return None if "scene" in content else "content.scene must be the number that the person agreed to."


def _list_fault(name: str) -> Any:
    def fault(content: JSON) -> str | None:
        items = content.get(name)
        return (
            None
            if isinstance(items, list) and items
            else f"content.{name} must be a list with something in it."
        )

    return fault


TEXT: Final = NativeType(needs=("content",), most_bytes={"content": TEXT_BYTES})
MEDIA: Final = NativeType(needs=("media_id",))
ACCOUNT_TYPES: Final[Mapping[str, NativeType]] = MappingProxyType(
    {
        "text": TEXT,
        "image": MEDIA,
        "voice": MEDIA,
        "video": MEDIA,
        "music": NativeType(needs=("thumb_media_id",)),
        "news": NativeType(fault=_list_fault("articles")),
        "mpnews": MEDIA,
        "mpnewsarticle": NativeType(needs=("article_id",)),
        "msgmenu": NativeType(fault=_list_fault("list")),
        "wxcard": NativeType(needs=("card_id",)),
        "miniprogrampage": NativeType(needs=("appid", "pagepath", "thumb_media_id")),
        TEMPLATE: NativeType(needs=("template_id",), fault=_template_fault),
        SUBSCRIBED: NativeType(needs=("template_id",), fault=_template_fault),
        ONE_TIME: NativeType(needs=("template_id", "title"), fault=_one_time_fault),
    }
)
"""What an Official Account sends, by the names that a message's `type` may have."""

PROGRAM_TYPES: Final[Mapping[str, NativeType]] = MappingProxyType(
    {
        "text": TEXT,
        "image": MEDIA,
        "link": NativeType(needs=("title", "url")),
        "miniprogrampage": NativeType(needs=("title", "pagepath", "thumb_media_id")),
        SUBSCRIBED: NativeType(needs=("template_id",), fault=_template_fault),
    }
)
"""What a Mini Program sends."""


def own_words(message: Message, types: Mapping[str, NativeType], *, is_program: bool = False) -> Part:
    """Return a message in WeChat's own words, its content unchanged; raises RequestError for a shape it cannot have."""
    check_native(message, types, "WeChat")
    if message.type in CALLS:
        call = MINI_SUBSCRIBED if is_program else message.type
        preview = " ".join(_values(message.content)) or native_preview(message)
        return _part(call, message.content, preview)
    return _part(CUSTOMER, {"msgtype": message.type, message.type: message.content}, native_preview(message))


def customer_texts(message: Message) -> list[Part]:
    """Return title and text as customer service messages of plain text; raises RequestError."""
    limit = Limit("bytes", TEXT_BYTES, RESERVE)
    written = write_parts(
        message.title, message.text, message.format, Dialect.PLAIN_WITH_TAGS, limit, title_in_text=True
    )
    return [
        _part(CUSTOMER, {"msgtype": "text", "text": {"content": each.text}}, each.plain) for each in written
    ]


def filled_template(message: Message, call: str, template: JSON, values: Mapping[str, str]) -> Part:
    """Return title and text in a template's values, each cut to what its type takes; raises RequestError where there is nothing.

    `values` are texts by the names of the values, `{title}` and `{text}` in them stand for the message's own.
    """
    (plain,) = write_parts(
        "", message.text or message.title, message.format if message.text else "text", Dialect.PLAIN,
        Limit("characters", PLAIN_LONGEST), most=1,
    )  # fmt: skip
    text = " ".join(plain.text.split())
    title = " ".join(message.title.split()) or text
    data = {
        name: {"value": _fitting(name, _filled(pattern, title, text))} for name, pattern in values.items()
    }
    return _part(call, {**template, "data": data}, f"{title} {text}" if title != text else text)


def send_in_account(
    part: Part, to: Recipient, lent: Lent, api_base: str, rules: SendRules = ACCOUNT
) -> SendResult:
    """Send one part to one person in an account's name, with the account's own token; raises as Sender.send says."""
    if not lent.app_token:
        raise SendRefused(SETTINGS, "WeChat's messages need the account's token; set app_secret.")
    call = part.body["call"]
    body = {"touser": to.value, **part.body["fields"]}
    if call == TEMPLATE:
        body["client_msg_id"] = lent.repeat_key
    answer = lent.http.request(
        "POST", f"{api_base}/{CALLS[call]}", params={"access_token": lent.app_token}, json=body
    )
    number = taken(answer, rules).get("msgid")
    is_number = isinstance(number, int | str) and not isinstance(number, bool) and number != ""
    return SendResult(message_id=str(number)[:64] if is_number else None, accepted_only=call != CUSTOMER)


def _part(call: str, fields: Mapping[str, Any], preview: str) -> Part:
    body = {"call": call, "fields": dict(fields)}
    return Part(body, preview=preview[:MOST_PREVIEWED])


def _values(content: JSON) -> Sequence[str]:
    data = content.get("data")
    given = data.values() if isinstance(data, Mapping) else ()
    return [str(each["value"]) for each in given if isinstance(each, Mapping) and "value" in each]


def _filled(pattern: str, title: str, text: str) -> str:
    """Put title and text into a pattern at once, so that a title may hold the word {text}."""
    given = {"{title}": title, "{text}": text}
    return "".join(given.get(piece, piece) for piece in PLACES.split(pattern))


def _fitting(name: str, value: str) -> str:
    most = longest(name)
    if most is None or len(value) <= most:
        return value
    return value[: last_boundary(value, most - 1)].rstrip() + CUT
