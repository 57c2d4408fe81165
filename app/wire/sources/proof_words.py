"""A description in sentences, English and Chinese: where the proof stands, what was signed, what it covers. For the set-up pages.

Only what a description says is put into words; nothing here is a fact about a platform.
"""

from __future__ import annotations

from typing import NamedTuple

from app.core.values import Coverage
from app.wire.sources.coverage import coverage_of
from app.wire.sources.description import Signature, Variant
from app.wire.sources.places import SETTING, places_of
from app.wire.sources.templates import FUNCTION, words_of


class Said(NamedTuple):
    """One sentence, or a part of one, in both languages."""

    english: str
    chinese: str


SOURCES = {
    "header": Said("the header {}", "请求头 {}"),
    "query": Said("the address parameter {}", "地址参数 {}"),
    "form": Said("the form field {}", "表单字段 {}"),
    "params": Said("the field {} of the form or the address", "表单或地址参数 {}"),
    "json": Said("the JSON field {}", "JSON 字段 {}"),
    "xml": Said("the XML element {}", "XML 元素 {}"),
    "item": Said("the part {} beside the signature", "签名文本中的 {} 部分"),
    "claim": Said("the claim {} of the token", "令牌声明 {}"),
    "setting": Said("the channel key {}", "渠道键 {}"),
    "const": Said("always {}", "固定为 {}"),
    "given": Said("nothing, where the channel key {} is set", "（设置了渠道键 {} 时）无"),
    "sha256": Said("the SHA-256 of the lines {}", "以下各行的 SHA-256：{}"),
    "first_key": Said("the first JSON key other than {}", "除 {} 外的第一个 JSON 键"),
}
WORDS = {
    "body": Said("the body, byte for byte as it came", "原始请求体（逐字节）"),
    "body_sha256": Said("the SHA-256 of the body", "请求体的 SHA-256"),
    "ts": Said("the signed time", "签名时间"),
    "id": Said("the event's key", "事件键"),
    "secret": Said("the secret", "密钥"),
    "method": Said("the HTTP method", "HTTP 方法"),
    "url": Said("this channel's public address with all that follows it", "本渠道的公网地址及其后的全部内容"),
    "url_without_query": Said(
        "this channel's public address without parameters", "本渠道的公网地址（不含参数）"
    ),
    "slash_path": Said(
        "the part of the address behind the channel, with its slash", "地址中渠道名之后的部分（含斜杠）"
    ),
    "path": Said("the path of the public address", "公网地址的路径"),
    "path_qs": Said("the path of the public address with its parameters", "公网地址的路径及参数"),
    "host": Said("the header `Host`", "请求头 `Host`"),
}
BEHIND = Said("the part of the address behind the channel", "地址中渠道名之后的部分")
SORTED = {
    "form": Said("the form", "表单"),
    "query": Said("the address", "地址参数"),
    "params": Said("the form or the address", "表单或地址参数"),
    "json": Said("the JSON body", "JSON 请求体"),
    "xml": Said("the XML body", "XML 请求体"),
}
DIGESTS = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha512": "SHA-512"}
ENCODINGS = {
    "hex": Said("hex", "十六进制"),
    "base64": Said("Base64", "Base64"),
    "base64url": Said("Base64 for addresses, without `=`", "URL 安全的 Base64（不含 `=`）"),
    "base64-hex": Said("Base64 of the hex text", "十六进制文本的 Base64"),
}
KEYS = {
    "text": Said("as text", "按文本使用"),
    "hex": Said("read as hex", "按十六进制解码"),
    "sha1": Said("as its SHA-1", "取其 SHA-1"),
    "md5hex": Said("as the hex of its MD5", "取其 MD5 的十六进制"),
    "repeat32": Said("repeated and cut to 32 bytes", "重复后截取 32 字节"),
}
COVERS = {
    Coverage.BODY: Said("the whole body: nobody can change it on the way", "整个请求体：途中无法改动"),
    Coverage.ORIGIN: Said(
        "the sender only: the body is not part of the proof, so use HTTPS and ask the platform where it matters",
        "只覆盖来源：请求体不在证明之内，请使用 HTTPS，重要数据请再向平台查询",
    ),
    Coverage.NONE: Said("nothing", "无"),
}


def place_words(text: str) -> Said:
    """Say where a value stands; alternatives are joined by "or", parts by "and"."""
    if not text:
        return Said("not given", "没有")
    found = [_joined([_part_words(part) for part in parts], Said(" and ", "与")) for parts in places_of(text)]
    return _joined(found, Said(", or else ", "；若没有，则取"))


def _joined(parts: list[Said], between: Said) -> Said:
    return Said(
        between.english.join(each.english for each in parts),
        between.chinese.join(each.chinese for each in parts),
    )


def _part_words(part: str) -> Said:
    if part == "path":
        return BEHIND
    if part in WORDS:
        return WORDS[part]
    source, _, name = part.partition(":")
    words = SOURCES[source]
    if "[]." in name:
        field = name.partition("[].")[2]
        return Said(f"the JSON field `{field}` of each event", f"每个事件的 JSON 字段 `{field}`")
    if (setting := SETTING.fullmatch(name)) is not None:
        return Said(
            words.english.format(f"that the key `{setting[1]}` names"),
            words.chinese.format(f"（名称由键 `{setting[1]}` 给出）").replace(" （", "（"),
        )
    return Said(words.english.format(f"`{name}`"), words.chinese.format(f"`{name}`"))


def proof_words(signature: Signature) -> Said:
    """Say how a request is proven."""
    place = place_words(signature_place(signature))
    kind = signature.kind
    if kind == "token":
        return Said(
            f"{_capital(place.english)} holds the secret itself; it is compared with `{signature.secret_setting}`.",
            f"{place.chinese} 里就是密钥本身，与 `{signature.secret_setting}` 比较。",
        )
    if kind == "basic":
        return Said(
            "Basic credentials in the header `Authorization`: `username` and `password`.",
            "请求头 `Authorization` 中的 Basic 凭据：`username` 与 `password`。",
        )
    if kind == "jwt":
        return _token_words(signature, place)
    return _signature_words(signature, place)


def signature_place(signature: Signature) -> str:
    """Return where the signature stands, as one place."""
    return signature.signature_place or f"header:{signature.signature_header or 'Authorization'}"


def _signature_words(signature: Signature, place: Said) -> Said:
    made = _made_words(signature)
    forms = " ".join(f"`{each}`" for each in signature.item_format)
    listed = Said("", "")
    if signature.separator:
        listed = Said(
            f", a list split at `{signature.separator}`", f"，以 `{signature.separator}` 分隔的列表"
        )
    if signature.item_format != ("{sig}",):
        listed = Said(f"{listed.english}, written as {forms}", f"{listed.chinese}，形式为 {forms}")
    return Said(
        f"{made.english}. It stands in {place.english}{listed.english}.",
        f"{made.chinese}；位于{place.chinese}{listed.chinese}。",
    )


def _made_words(signature: Signature) -> Said:
    digest, form = DIGESTS[signature.digest], ENCODINGS[signature.encoding]
    name = f"`{signature.secret_setting}`"
    if signature.kind == "hmac":
        key = key_words(signature.key)
        return Said(
            f"HMAC-{digest} in {form.english}; the key is {name} {key.english}",
            f"HMAC-{digest}（{form.chinese}），密钥为 {name}，{key.chinese}",
        )
    if signature.kind == "digest":
        return Said(
            f"{digest} in {form.english} of a text that holds {name}",
            f"对含有 {name} 的文本取 {digest}（{form.chinese}）",
        )
    title = {
        "ed25519": "Ed25519",
        "ecdsa": f"ECDSA P-256 with {digest}",
        "rsa": f"RSA PKCS#1 v1.5 with {digest}",
    }[signature.kind]
    if signature.key == "repeat32":
        return Said(
            f"{title} in {form.english}, by a key pair made from {name}",
            f"{title}（{form.chinese}），密钥对由 {name} 生成",
        )
    return Said(
        f"{title} in {form.english}, checked with `public_key`",
        f"{title}（{form.chinese}），用 `public_key` 验证",
    )


def key_words(form: str) -> Said:
    """Say how a secret becomes the key."""
    if form in KEYS:
        return KEYS[form]
    prefix = form.partition(":")[2].rstrip("?")
    if not prefix:
        return Said("read as Base64", "按 Base64 解码")
    return Said(f"read as Base64 after `{prefix}`", f"去掉前缀 `{prefix}` 后按 Base64 解码")


def _token_words(signature: Signature, place: Said) -> Said:
    rule = signature.jwt
    where = Said("The body", "请求体") if rule.is_body else Said(_capital(place.english), place.chinese)
    keys = (
        Said(f"signed with `{signature.secret_setting}`", f"由 `{signature.secret_setting}` 签名")
        if signature.uses_secret
        else Said("signed with a key of the platform's key set", "由平台公布的密钥集签名")
    )
    claims = [f"`{name}` = `{text}`" for name, text in rule.claims.items()]
    claims += [f"`iss` = `{text}`" for text in rule.issuer[:1]]
    claims += [f"`aud` = `{rule.audience}`"] if rule.audience else []
    told = (
        Said(f" It must say {', '.join(claims)}.", f"其中须有 {'、'.join(claims)}。")
        if claims
        else Said("", "")
    )
    return Said(
        f"{where.english} holds a JSON Web Token ({rule.algorithm}), {keys.english}.{told.english}",
        f"{where.chinese} 里是 JSON Web Token（{rule.algorithm}），{keys.chinese}。{told.chinese}",
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def signed_words(signature: Signature) -> Said | None:
    """Say what each word of the signed text is, None where the kind signs no text of its own."""
    if signature.kind in ("token", "basic", "jwt"):
        return None
    named = {word: word_words(word, signature) for word in words_of(signature.signed)}
    return Said(
        "; ".join(f"`{{{word}}}` {said.english}" for word, said in named.items()),
        "；".join(f"`{{{word}}}` {said.chinese}" for word, said in named.items()),
    )


def word_words(word: str, signature: Signature) -> Said:
    """Say what one word of a template is."""
    if word == "ts" and signature.timestamp:
        place = place_words(signature.timestamp)
        return Said(f"the signed time, in {place.english}", f"签名时间，位于{place.chinese}")
    if word in WORDS:
        return WORDS[word]
    if (function := FUNCTION.fullmatch(word)) is not None:
        of, name = WORDS[function[2]], DIGESTS[function[1]]
        return Said(f"{name} of {of.english}, in hex", f"{of.chinese}的 {name}（十六进制）")
    source, _, rest = word.partition(":")
    if source == "sorted":
        return _sorted_words(rest)
    if source == "sorted_values":
        return Said("these values, sorted and joined", "这些值排序后拼接")
    name, _, modifier = word.partition("|")
    said = place_words(name)
    return Said(f"{said.english}, in lower case", f"{said.chinese}（小写）") if modifier else said


def _sorted_words(text: str) -> Said:
    source, *options = text.split(";")
    fields = SORTED[source]
    dropped = next((each.partition("=")[2] for each in options if each.startswith("drop=")), "")
    names = ", ".join(f"`{name}`" for name in dropped.split(",") if name)
    but = Said(f" but {names}", f"（{names} 除外）") if names else Said("", "")
    filled = Said(" that are not empty", "非空") if "drop_empty" in options else Said("", "")
    return Said(
        f"all fields of {fields.english}{filled.english}{but.english}, sorted by name and joined",
        f"{fields.chinese}的全部{filled.chinese}字段{but.chinese}，按名称排序后拼接",
    )


def variant_words(variant: Variant) -> Said:
    """Say when a variant is taken, and what is otherwise then."""
    when = ", ".join(
        f"`{place}`" if text == "*" else f"`{place}` = `{text}`" for place, text in variant.when.items()
    )
    changed = ", ".join(
        f"{name} `{getattr(variant, name)}`" for name in sorted(variant.model_fields_set - {"when", "checks"})
    )
    checks = "".join(f", `{place}` = `{text}`" for place, text in (variant.checks or {}).items())
    return Said(f"with {when}: {changed}{checks}", f"当 {when} 时：{changed}{checks}")


def time_words(signature: Signature) -> Said:
    """Say how the time of a request is judged."""
    if not signature.timestamp and signature.kind != "jwt":
        return Said(
            "Nothing is signed that says when; a copy is known by the event's key.",
            "签名中没有时间；重复的请求靠事件键识别。",
        )
    if signature.kind == "jwt":
        leeway = signature.jwt.leeway_s
        return Said(
            f"The token's times, with {leeway} seconds for clocks that differ.",
            f"以令牌中的时间为准，允许时钟相差 {leeway} 秒。",
        )
    if signature.timestamp_is == "expiry" or signature.expires_after:
        return Said("The request says until when it is good.", "请求自带失效时间。")
    if signature.tolerance_s is None:
        return Said("A time is signed and not judged.", "时间参与签名，但不作判断。")
    return Said(
        f"At most {signature.tolerance_s} seconds from this gateway's clock, both ways.",
        f"与本机时钟前后相差不得超过 {signature.tolerance_s} 秒。",
    )


def covers_words(signature: Signature) -> Said:
    """Say what the proof covers."""
    return COVERS[coverage_of(signature)]


def address_end(signature: Signature) -> str:
    """Return what must stand behind the address at the sender: a secret that proves it, as `?token=<secret>`; mostly nothing."""
    place = signature_place(signature)
    if place == "path":
        return f"/<{signature.secret_setting}>"
    kind, _, name = place.split("|")[0].partition(":")
    if signature.kind == "token" and kind == "query":
        return f"?{name}=<{signature.secret_setting}>"
    return ""
