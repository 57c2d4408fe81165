"""The usual refusals of a described source by its scheme, and what cures each, in both languages. For the set-up pages.

The reasons are those that operators see in the list of rejections and that `flask sources try` prints.
"""

from __future__ import annotations

from app.core.values import Coverage
from app.wire.sources.coverage import coverage_of
from app.wire.sources.description import Signature
from app.wire.sources.proof_words import Said, signature_place

MISSING = Said(
    "No proof came, or an empty one. The request is not from this sender, or a proxy in between removed it.",
    "没有签名或签名为空：请求并非来自该平台，或被中间的代理去掉了。",
)
MALFORMED = Said(
    "The proof has another form than this sender uses: is it this platform that calls this address?",
    "签名的形式与该平台不符：请确认调用此地址的确是该平台。",
)
WRONG = {
    "hmac": Said(
        "The secret is another one, or the body was changed on the way. Copy the secret again for this very address; no "
        "proxy may rewrite the body.",
        "密钥不一致，或请求体在途中被改动。请为此地址重新复制密钥，并确认代理不改写请求体。",
    ),
    "public": Said(
        "The public key is another one, or the body was changed on the way. Copy the platform's key again.",
        "公钥不一致，或请求体在途中被改动。请重新复制平台的公钥。",
    ),
}
TOKEN = Said(
    "What came is not the secret of this channel. Enter the same text on both sides, without blanks.",
    "收到的令牌与本渠道的密钥不同。请在两边填写相同的文本，不要带空格。",
)
BASIC = Said(
    "User name or password is another one. Enter the same ones on both sides.",
    "用户名或密码不一致。请在两边填写相同的内容。",
)
ADDRESS = Said(
    "The address is signed too: `PUBLIC_BASE_URL` must begin as the address that you entered at the sender does, "
    "else set `signed_url` to that address.",
    "地址也参与签名：`PUBLIC_BASE_URL` 的开头必须与在对方后台填写的地址一致，否则请把 `signed_url` 设为该地址。",
)
LATE = Said(
    "The time differs too much. Set this machine's clock (NTP); a request that waited in between is old.",
    "时间相差过大。请校准本机时钟（NTP）；中途滞留的请求也会过期。",
)
UNTIMED = Said(
    "The signed time is missing or written otherwise than this sender writes it.",
    "缺少签名时间，或其写法与该平台不同。",
)
LACKING = Said(
    "Something that is signed is missing in the request; the list of rejections names it.",
    "请求中缺少参与签名的内容；拒绝记录里写明了是哪一项。",
)
DOUBLED = Said(
    "The header came twice: a proxy adds its own. Make it pass the sender's on.",
    "请求头出现两次：代理自行添加了一个。请让它原样转发平台的请求头。",
)
UNREADABLE = Said(
    "The body cannot be read, and a part of the proof is in it. Nothing in between may rewrite it.",
    "请求体无法解析，而其中有证明所需的内容。途中不得改写请求体。",
)
FIXED = Said(
    "A field that must have one value, such as the digest of the body, has another.",
    "某个必须取固定值的字段（例如请求体摘要）不符。",
)
DIFFERS = Said(
    "The proof fits, and the request names another `{}` than this channel. Correct the key, or enter this address at the other account.",
    "证明无误，但请求中的 `{}` 与本渠道不同。请更正该键，或在对应的账号下填写此地址。",
)
UNNAMED_KEY = Said(
    "The token names a key that the platform's key set does not hold.",
    "令牌所指的密钥不在平台公布的密钥集中。",
)
CLAIM = Said(
    "The token is for another account, address or body; the reason names the claim.",
    "令牌属于另一个账号、地址或请求体；原因中写明了是哪一项声明。",
)


def refusals(signature: Signature) -> list[tuple[str, Said]]:
    """Return the reasons a request of this scheme is usually refused for, each with its cure."""
    found = [*_of_proof(signature), *_of_time(signature), *_of_places(signature)]
    if signature.checks:
        found.append(("wrong_value", FIXED))
    for place, name in signature.requires.items():
        word = place.rpartition(":")[2].rpartition(".")[2].lower()
        found.append((f"wrong_{word}", Said(DIFFERS.english.format(name), DIFFERS.chinese.format(name))))
    return found


def _of_proof(signature: Signature) -> list[tuple[str, Said]]:
    if signature.kind == "token":
        return [("missing_signature", MISSING), ("bad_token", TOKEN)]
    if signature.kind == "basic":
        return [("missing_signature", MISSING), ("bad_token", BASIC)]
    is_secret = signature.uses_secret or signature.key == "repeat32"
    found = [("missing_signature", MISSING), ("malformed_signature", MALFORMED)]
    found.append(("bad_signature", WRONG["hmac" if is_secret else "public"]))
    if signature.kind == "jwt":
        found.append(("wrong_issuer, wrong_audience, wrong_claim", CLAIM))
        found += [] if is_secret else [("unknown_key", UNNAMED_KEY)]
    if signs_address(signature):
        found.append(("bad_signature", ADDRESS))
    return found


def signs_address(signature: Signature) -> bool:
    """Say whether this channel's address is a part of what is signed."""
    texts = [signature.signed, *signature.jwt.claims.values(), signature.jwt.audience]
    return any(word in text for text in texts for word in ("{url", "{path", "(url)"))


def _of_time(signature: Signature) -> list[tuple[str, Said]]:
    if signature.kind == "jwt":
        return [("timestamp_outside_tolerance", LATE)]
    if not signature.timestamp:
        return []
    is_judged = (
        signature.tolerance_s is not None or signature.timestamp_is == "expiry" or signature.expires_after
    )
    judged = [("timestamp_outside_tolerance", LATE)] if is_judged else []
    return [*judged, ("bad_timestamp", UNTIMED)]


def _of_places(signature: Signature) -> list[tuple[str, Said]]:
    found = []
    if signature.kind in ("hmac", "digest", "ed25519", "ecdsa", "rsa") and signature.signed not in (
        "{body}",
        "{ts}.{body}",
    ):
        found.append(("missing_value", LACKING))
    place = signature_place(signature)
    if place.startswith("header:"):
        found.append(("duplicate_header", DOUBLED))
    in_body = place.startswith(("json:", "xml:", "form:", "params:")) or bool(signature.unwrap)
    if in_body or (coverage_of(signature) is Coverage.BODY and "{sorted:" in signature.signed):
        found.append(("unreadable_body", UNREADABLE))
    return found
