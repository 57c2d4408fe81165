"""The set-up page of one source, English and Chinese in one file: docs/platforms/sources/<slug>.md, made from its TOML file.

It says what that file holds and nothing else; a fact that is missing there is missing here.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from urllib.parse import urlencode

from app.core.errors import RequestError
from app.core.values import InboundRequest
from app.security.strict_json import parse_json_object
from app.wire.sources.catalogue import Source
from app.wire.sources.chinese import spaced
from app.wire.sources.connector import UNCONFIRMED
from app.wire.sources.content import UNKNOWN, Reader, compile_unwrap, unwrap
from app.wire.sources.delivery import Delivery
from app.wire.sources.description import Answer, Handshake, Signature
from app.wire.sources.key_words import key_sentence
from app.wire.sources.proof_words import (
    Said,
    address_end,
    covers_words,
    place_words,
    proof_words,
    signature_place,
    signed_words,
    time_words,
    variant_words,
)
from app.wire.sources.refusal_words import refusals
from app.wire.sources.settings import asked_of, settings_model

GATEWAY = "https://<your gateway>"
UNCONFIRMED_ZH = "关于该平台回调的内容没有公开资料佐证；正式使用前请先用真实回调试过。"
PLACEHOLDER = "sample.event"
"""The type of a sample whose platform's types nobody found."""

NOT_RECORDED = Said("not recorded", "没有记录")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

HEAD = """<!-- Made from app/platforms/sources/{slug}.toml by `make example-files`; do not edit. 由程序生成，请勿手改。 -->
# {title}

[All sources · 全部来源](../sources.md) · [The words of a description · 描述语言](../../sources.md) · [English](#english) · [中文](#中文)

"""


def page_text(source: Source) -> str:
    """Return docs/platforms/sources/<slug>.md."""
    title = source.name if source.name == source.name_zh else f"{source.name} · {source.name_zh}"
    keys = _keys(source)
    parts = [
        HEAD.format(slug=source.slug, title=title),
        _english(source, keys),
        _chinese(source, keys),
        "## Sample request · 样例请求\n\n",
        f"```http\n{sample_text(source)}\n```\n",
    ]
    return "".join(parts)


def _english(source: Source, keys: Keys) -> str:
    signature = source.signature
    facts = [f"- **Source**: {source.facts or 'none'}" + (f" (read {source.read})" if source.read else "")]
    facts.append(
        f"- **Confidence**: {'a source was read' if source.confidence == 'source' else '*unconfirmed*'}"
    )
    return "\n".join(
        [
            "## English\n",
            *([f"> *unconfirmed*: {UNCONFIRMED}\n"] if source.confidence != "source" else []),
            *([f"> {source.note}\n"] if source.note else []),
            "### 1. The channel\n",
            f"```toml\n{channel_text(source)}\n```\n",
            _keys_table(keys, 0),
            "### 2. At the sender\n",
            f"- **Page**: {source.console or 'not recorded here; it is where that platform takes callback (webhook) addresses'}",
            f"- **Address**: `{address_of(source)}` (`flask channels list` prints it). {_address_note(signature)[0]}",
            *[f"- **{key}**: {said.english}" for key, said in _pasted(signature)],
            *[f"- **Set-up request**: {said.english}" for said in _set_ups(signature)],
            "\n### 3. Proof\n",
            *_table(_proof_rows(signature), 0),
            "\n### 4. What arrives\n",
            *_table(_event_rows(source), 0),
            "\n### 5. Try it\n",
            "With `make run` the simulator signs the sample below and sends it to this channel:\n",
            f"```\nflask sandbox fire {source.slug} {sample_type(source)}\n```\n",
            *_types_line(source, "Documented types", "made up: no page with the types was found"),
            "### 6. When it is refused\n",
            "The reason stands in the list of rejections.\n",
            "| reason | what it means and what helps |\n|---|---|",
            *[f"| `{reason}` | {said.english} |" for reason, said in refusals(signature)],
            "\n### 7. Where these facts are from\n",
            *facts,
            "\n",
        ]
    )  # fmt: skip


def _chinese(source: Source, keys: Keys) -> str:
    signature = source.signature
    facts = [f"- **资料**：{source.facts or '无'}" + (f"（{source.read} 查阅）" if source.read else "")]
    facts.append(
        f"- **可信度**：{'有资料佐证' if source.confidence == 'source' else '未证实（unconfirmed）'}"
    )
    return "\n".join(
        [
            "## 中文\n",
            *([f"> 未证实：{UNCONFIRMED_ZH}\n"] if source.confidence != "source" else []),
            *([f"> {source.note_zh or source.note}\n"] if source.note else []),
            "### 1. 渠道\n",
            f"```toml\n{channel_text(source)}\n```\n",
            _keys_table(keys, 1),
            "### 2. 在对方后台\n",
            f"- **页面**：{source.console or '此处没有记录；即该平台填写回调（Webhook）地址的页面'}",
            f"- **地址**：`{address_of(source)}`（`flask channels list` 会显示）。{_address_note(signature)[1]}",
            *[f"- **{key}**：{said.chinese}" for key, said in _pasted(signature)],
            *[f"- **接入请求**：{spaced(said.chinese)}" for said in _set_ups(signature)],
            "\n### 3. 证明\n",
            *_table(_proof_rows(signature), 1),
            "\n### 4. 收到的事件\n",
            *_table(_event_rows(source), 1),
            "\n### 5. 试一试\n",
            "运行 `make run` 后，模拟器会为下方样例签名并发送到此渠道：\n",
            f"```\nflask sandbox fire {source.slug} {sample_type(source)}\n```\n",
            *_types_line(source, "有文档的类型", "样例类型，没有找到列出类型的文档"),
            "### 6. 被拒绝时\n",
            "原因可在拒绝记录中查看。\n",
            "| 原因 | 含义与处理 |\n|---|---|",
            *[f"| `{reason}` | {spaced(said.chinese)} |" for reason, said in refusals(signature)],
            "\n### 7. 依据\n",
            *facts,
            "\n",
        ]
    )  # fmt: skip


def _table(rows: list[tuple[Said, Said]], language: int) -> list[str]:
    cells = [(label[language], _cell(said[language])) for label, said in rows]
    lines = [f"| {label} | {spaced(text) if language else text} |" for label, text in cells]
    return ["| | |\n|---|---|", *lines]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "\\n")


def channel_text(source: Source) -> str:
    """Return the table of channels.toml: every key without which nothing is proven."""
    lines = [f"[channels.{source.slug}]", f'platform = "{source.slug}"']
    for key in asked_of(source.signature):
        name = f"{source.slug}_{key}".upper().replace("-", "_")
        lines.append(f'{key} = "${{{name}}}"')
    return "\n".join(lines)


Keys = list[tuple[str, bool, Said]]
"""The keys of a channel: name, whether it is needed, what it is."""


def _keys(source: Source) -> Keys:
    signature = source.signature
    must = asked_of(signature)
    shown = {*must, *signature.all_settings, "jwks", "jwks_url"}
    return [
        (name, name in must, key_sentence(name, field.description or ""))
        for name, field in settings_model(signature, source.slug).model_fields.items()
        if name in shown
    ]


def _keys_table(keys: Keys, language: int) -> str:
    head = (
        "| key | needed | what it is |\n|---|---|---|",
        "| 键 | 必填 | 说明 |\n|---|---|---|",
    )[language]
    rows = [
        f"| `{name}` | {_needed(is_needed, language)} | {_cell(said[language])} |"
        for name, is_needed, said in keys
    ]
    return "\n".join([head, *rows]) + "\n"


def _needed(is_needed: bool, language: int) -> str:
    return (("yes", "no"), ("是", "否"))[language][0 if is_needed else 1]


def address_of(source: Source) -> str:
    """Return the address to enter at the sender, with what it must carry itself."""
    return f"{GATEWAY}/webhooks/{source.slug}{address_end(source.signature)}"


def _address_note(signature: Signature) -> Said:
    if any("{url" in text or "(url)" in text for text in (signature.signed, *signature.jwt.claims.values())):
        return Said(
            "It is signed too: enter it letter for letter, and set `signed_url` where the sender knows another one.",
            "地址参与签名：请逐字填写；若对方使用的是另一个地址，请设置 `signed_url`。",
        )
    return Said("Always https.", "请使用 https。")


PASTED = {
    "basic": Said("enter both at the sender as you set them here.", "在对方后台填写与此处相同的内容。"),
    "public_key": Said("copy it from the platform's page.", "从平台页面复制。"),
    "secret": Said("the same text on both sides.", "两边填写相同的文本。"),
}


def _pasted(signature: Signature) -> list[tuple[str, Said]]:
    if signature.kind == "basic":
        return [("`username`, `password`", PASTED["basic"])]
    names = asked_of(signature)
    found = [(f"`{signature.secret_setting}`", PASTED["secret"])] if signature.secret_setting in names else []
    return found + ([("`public_key`", PASTED["public_key"])] if "public_key" in names else [])


def _set_ups(signature: Signature) -> list[Said]:
    return [_set_up_words(each) for each in signature.handshakes]


def _set_up_words(each: Handshake) -> Said:
    conditions = [
        f"`{place}`" if text == "*" else f"`{place}` = `{text}`" if text != "-" else f"no `{place}`"
        for place, text in each.when.items()
    ]
    told = " ".join([each.method, *(["with " + ", ".join(conditions)] if conditions else [])])
    chinese = each.method + (f"（{'、'.join(conditions)}）" if conditions else "")
    answer = _answer_words(each.answer)
    is_proven = (
        Said("proven like an event", "与事件一样需要证明")
        if each.signed
        else Said("before any proof", "无需证明")
    )
    return Said(
        f"{told}, {is_proven.english}: the gateway answers {answer} by itself.",
        f"{chinese}，{is_proven.chinese}：网关自动应答 {answer}。",
    )


def _answer_words(answer: Answer) -> str:
    body = answer.text
    if answer.json_body is not None:
        body = _one_line(answer.json_body)
    headers = "".join(f", `{name}`" for name in answer.headers)
    return f"{answer.status}" + (f" `{body}`" if body else "") + headers


def _one_line(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{name}": {_one_line(each)}' for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_one_line(each) for each in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _proof_rows(signature: Signature) -> list[tuple[Said, Said]]:
    rows = [(Said("how", "方式"), proof_words(signature))]
    if (words := signed_words(signature)) is not None:
        template = f"`{signature.signed}`"
        rows.append((Said("what is signed", "签名内容"), Said(template, template)))
        rows.append((Said("its words", "其中"), words))
    rows += [(Said("otherwise", "另一种"), variant_words(each)) for each in signature.variants]
    rows.append((Said("time", "时间"), time_words(signature)))
    rows.append((Said("covers", "覆盖范围"), covers_words(signature)))
    for place, text in signature.checks.items():
        said = place_words(place)
        rows.append(
            (
                Said("must equal", "必须等于"),
                Said(f"{said.english}: `{text}`", f"{said.chinese}：`{text}`"),
            )
        )
    for place, name in signature.requires.items():
        said = place_words(place)
        rows.append(
            (
                Said("must be", "必须是"),
                Said(f"{said.english}: your `{name}`", f"{said.chinese}：你的 `{name}`"),
            )
        )
    return rows


def _event_rows(source: Source) -> list[tuple[Said, Said]]:
    signature = source.signature
    rows = [
        (Said("event key", "事件键"), place_words(signature.id)),
        (Said("event type", "事件类型"), place_words(signature.type)),
    ]
    if signature.split is not None:
        rows.append(
            (
                Said("several at once", "一次多条"),
                Said("each becomes an event of its own", "每一条各成一个事件"),
            )
        )
    accepted = signature.answers.accepted
    answer = Said("200, in the gateway's own words", "200，采用网关自己的格式")
    if accepted is not None:
        answer = Said(_answer_words(accepted), _answer_words(accepted))
    rows.append((Said("answer", "应答"), answer))
    limit = (
        NOT_RECORDED
        if source.deadline_s is None
        else Said(f"{source.deadline_s:g} s", f"{source.deadline_s:g} 秒")
    )
    rows.append((Said("deadline", "应答时限"), limit))
    again = Said("sent again", "会重发") if source.retries else Said("not sent again", "不会重发")
    is_known = "retries" in source.model_fields_set
    rows.append((Said("after a failed answer", "应答失败后"), again if is_known else NOT_RECORDED))
    return rows


def _types_line(source: Source, label: str, made_up: str) -> list[str]:
    """Return the line with the documented types; a made-up one of the sample is called that."""
    sample = source.sample
    if sample_type(source) == PLACEHOLDER:
        return [f"`{PLACEHOLDER}`: {made_up} (*unconfirmed*)\n"]
    if not sample.types and not sample.types_from:
        return []
    listed = ", ".join(f"`{each}`" for each in (sample_type(source), *sample.types))
    return [f"{label}: {listed} ({sample.types_from or source.facts})\n"]


def sample_request(source: Source) -> InboundRequest:
    """Return the sample of a source, unsigned."""
    sample = source.sample
    filled = {name: _filled(text) for name, text in sample.query.items()}
    path = f"/webhooks/{source.slug}" + (f"/{sample.path.strip('/')}" if sample.path else "")
    return InboundRequest(
        sample.method, path, urlencode(filled), tuple((name, _filled(text)) for name, text in sample.headers.items()),
        _filled(sample.body).encode(), "", EPOCH,
    )  # fmt: skip


def _filled(text: str) -> str:
    return (
        text.replace("${id}", "evt-1").replace("${now_ms}", "1795824000000").replace("${now}", "1795824000")
    )


def sample_type(source: Source) -> str:
    """Return the type of a source's sample, as this gateway reads it."""
    signature, reader = source.signature, Reader(source.signature, {})
    delivery = Delivery(sample_request(source), {}, "")
    try:
        if signature.is_body_token:
            delivery.claims = parse_json_object(urlsafe_b64decode(delivery.body.split(b".")[1] + b"=="))
        unwrap(signature, compile_unwrap(signature), delivery)
        event = reader.one(delivery) if signature.split is None else reader.several(delivery)[0]
    except (RequestError, IndexError, ValueError):
        return UNKNOWN
    return event.type


def sample_text(source: Source) -> str:
    """Return the sample as it stands on the wire, with the place of its proof."""
    request, signature = sample_request(source), source.signature
    query = f"?{request.query_string}" if request.query_string else ""
    headers = [f"{name}: {value}" for name, value in request.headers]
    place = signature_place(signature).split("|")[0]
    if place.startswith("header:") and signature.kind != "basic":
        form = signature.item_format[0].replace(
            "{sig}", "<signature>" if signature.kind != "token" else "<secret>"
        )
        items = [f"{signature.timestamp[5:]}=<time>"] if signature.timestamp.startswith("item:") else []
        headers.append(f"{place[7:]}: {(signature.separator or ',').join([*items, form])}")
    elif signature.kind == "basic":
        headers.append("Authorization: Basic <Base64 of username:password>")
    body = request.body.decode().replace("\r\n", "\n")
    return "\n".join(
        [f"{request.method} {request.path}{query} HTTP/1.1", *headers, *(["", body] if body else [])]
    )
