"""Takes secrets and personal data out of whatever is logged or shown: headers, queries, texts, log events.

Tokens, codes, states, secrets, cookies, phone numbers and mail addresses go; signatures, timestamps and open ids
stay, because rejections are explained with them. Every pattern takes time linear in the text (possessive
quantifiers, starts only at the edge of a word), and redacting twice changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import unquote_plus

MASK = "[redacted]"
PHONE_MASK = "[phone]"
EMAIL_MASK = "[email]"
MAX_DEPTH = 8
LONG_HEX = 24
LONGEST_PHONE_BITS = 64

SECRET_NAMES = frozenset(
    [
        "code",
        "state",
        "auth_code",
        "authcode",
        "js_code",
        "ticket",
        "key",
        "secret",
        "token",
        "clientstate",
        "password",
        "passwd",
        "pwd",
        "session_key",
        "api_key",
        "apikey",
        "appsecret",
        "corpsecret",
        "app_secret",
        "client_secret",
        "access_token",
        "refresh_token",
        "id_token",
        "code_verifier",
        "authorization",
        "proxy_authorization",
        "cookie",
        "set_cookie",
        "encoding_aes_key",
        "encodingaeskey",
        "encrypt_key",
        "private_key",
        "x_token",
        "auth",
        "x_auth",
        "jwt",
        "x_jwt",
        "assertion",
        "passphrase",
        "credential",
        "credentials",
    ]
)
SECRET_ENDINGS = (
    "token",
    "secret",
    "password",
    "session_key",
    "api_key",
    "apikey",
    "private_key",
    "verifier",
    "_ticket",
    "_assertion",
    # Not every `_key`: those of events, orders and repeats name something, and `app_key` is mostly a public id.
    "secret_key",
    "secretkey",
    "access_key",
    "accesskey",
    "auth_key",
    "authkey",
    "aes_key",
    "aeskey",
    "encrypt_key",
    "encryptkey",
    "sign_key",
    "signing_key",
    "master_key",
    "functions_key",
    "subscription_key",
)
# Columns and error words share these names; there they hold a plain lower-case word, and `key` is an event's key.
WORD_NAMES = frozenset({"code", "state"})
KEPT_FIELDS = frozenset({"key"})
PROOF_HEADERS = ("signature", "sign", "timestamp", "nonce", "serial")

_BEARER = re.compile(r"(?i)\b(bearer|basic|token)([ \t]++)[A-Za-z0-9._~+/=\-]{8,}+")
# Starts at the edge of a run of letters only, and first sees that a dot follows: `eyJ-eyJ-…` is walked through once.
_JWT = re.compile(r"(?<![\w\-])(?=[\w\-]++\.[\w\-])((?:\w*+-)*?)eyJ[\w\-]++\.[\w\-]++(?:\.[\w\-]*+)?")
_WEBHOOK_SECRET = re.compile(r"\b(?:whsec_|whsk_)[A-Za-z0-9+/=_\-]++")
_USER_INFO = re.compile(r"(?<=://)[^/\s@\[]++@")
_PAIR = re.compile(
    r"(?a)(?:(?<![\w\-])|(?<=%[0-9A-Fa-f]{2}))(?:(?<=%)[0-9A-Fa-f]{2})?(\w[\w\-]{0,63}+)(?:=|%3[Dd])"
)
_QUOTED = re.compile(r"[\"']([A-Za-z][\w\-]{0,63}+)\\?+[\"'][ \t]{0,4}+:[ \t]{0,4}+b?+\\?+[\"']")
_ELEMENT = re.compile(r"<([A-Za-z][\w\-]{0,63}+)>[ \t\r\n]{0,8}+(?:<!\[CDATA\[)?")
_PLAIN_VALUE = re.compile(r"[^&\s\"'<>#\\]++")
_ENCODED_VALUE = re.compile(r"(?:[^&\s\"'<>#%\\]|%(?!26|23))++")
_QUOTED_VALUE = re.compile(r"(?:[^\"'\\]|\\[^\"'])++")
_ELEMENT_VALUE = re.compile(r"(?:[^<>\]]|\](?!\]>))++")
_HEADER_LINE = re.compile(
    r"(?im)^([ \t]*+(?:proxy-)?authorization|[ \t]*+(?:set-)?cookie)([ \t]*+:)[^\r\n]++"
)
_EMAIL = re.compile(r"(?<![\w.+\-])[\w.+\-]++(?:@|%40)[\w\-]++(?:\.[\w\-]++)++")
_PHONE = re.compile(r"(?<!\d)(?:(?:\+|%2B|00)?86[ \-]?)?1[3-9]\d[ \-]?\d{4}[ \-]?\d{4}(?!\d)")
_HEX_BEFORE = re.compile(r"[0-9a-f]*+\Z")
_HEX_AFTER = re.compile(r"[0-9a-f]*+")
_PLAIN_WORD = re.compile(r"[a-z][a-z_]{0,40}")


def redact_headers(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the headers with credentials masked; signatures, timestamps and nonces stay as they are."""
    return tuple((name, _header_value(name, value)) for name, value in pairs)


def redact_query(query_string: str) -> str:
    """Return a query string, still percent-encoded, with the values of secret parameters masked."""
    return "&".join(_parameter(part) for part in query_string.split("&"))


def redact_text(text: str) -> str:
    """Return a text without tokens, name=value secrets, mail addresses and mainland phone numbers."""
    # Recognisable values first, names with values last: a mask then never hides the name of what follows it.
    text = _EMAIL.sub(EMAIL_MASK, text)
    return redact_credentials(_PHONE.sub(_phone, text))


def redact_credentials(text: str, own_names: Collection[str] = ()) -> str:
    """Return a text without tokens and secrets, in URLs, forms, JSON or XML; `own_names`, in lower case, are masked besides."""
    text = _USER_INFO.sub(f"{MASK}@", text)
    text = _JWT.sub(rf"\1{MASK}", text)
    text = _WEBHOOK_SECRET.sub(MASK, text)
    text = _BEARER.sub(rf"\1\2{MASK}", text)
    text = _HEADER_LINE.sub(rf"\1\2 {MASK}", text)
    for names in (_QUOTED, _ELEMENT, _PAIR):
        text = _without_values(text, names, own_names)
    return text


def mask_values(value: Any, secrets: frozenset[str]) -> Any:
    """Replace these secrets wherever a JSON value holds one; some platforms repeat a channel's in their bodies."""
    if isinstance(value, Mapping):
        return {name: mask_values(item, secrets) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask_values(item, secrets) for item in value]
    return MASK if isinstance(value, str) and value in secrets else value


def redact_event(_logger: Any, _name: str, event_dict: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Redact one log event; a structlog processor, to be placed after the one that formats exceptions."""
    for key, value in event_dict.items():
        event_dict[key] = _field(str(key), value, 0)
    return event_dict


def is_secret_name(name: str) -> bool:
    """Say whether a parameter, field or header of that name holds something nobody may read."""
    plain = name.lower().replace("-", "_")
    return plain in SECRET_NAMES or plain.endswith(SECRET_ENDINGS)


def is_secret_header(name: str) -> bool:
    """Say whether a header of that name holds a credential; one that proxies pass on under another name counts too."""
    lowered = name.lower()
    return is_secret_name(lowered) or "cookie" in lowered or lowered.endswith("authorization")


def _header_value(name: str, value: str) -> str:
    if is_secret_header(name):
        return MASK
    return value if name.lower().endswith(PROOF_HEADERS) else redact_text(value)


def _parameter(part: str) -> str:
    name, equals, value = part.partition("=")
    if equals and value and is_secret_name(unquote_plus(name)):
        return f"{name}={MASK}"
    return redact_text(part)


def _without_values(text: str, names: re.Pattern[str], own_names: Collection[str]) -> str:
    """Mask what follows each secret name; what follows other names is searched for names again."""
    pieces = []
    position = 0
    while name := names.search(text, position):
        pieces.append(text[position : name.end()])
        position = name.end()
        is_secret = is_secret_name(name[1]) or name[1].lower() in own_names
        if is_secret and (value := _value_pattern(name[0]).match(text, position)):
            pieces.append(MASK)
            position = value.end()
    return "".join(pieces) + text[position:]


def _value_pattern(opening: str) -> re.Pattern[str]:
    if opening.endswith("="):
        return _PLAIN_VALUE
    if opening.startswith("<"):
        return _ELEMENT_VALUE
    return _QUOTED_VALUE if opening.endswith(("'", '"')) else _ENCODED_VALUE


def _phone(match: re.Match[str]) -> str:
    """Mask a phone number, but leave digits alone that only happen to lie inside a long hexadecimal id."""
    before = _HEX_BEFORE.search(match.string[max(0, match.start() - LONG_HEX) : match.start()])
    after = _HEX_AFTER.match(match.string[match.end() : match.end() + LONG_HEX])
    around = len(before[0] if before else "") + len(after[0] if after else "")
    return match[0] if around + len(match[0]) >= LONG_HEX else PHONE_MASK


def _field(name: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        # A phone number has at most fifteen digits; Python refuses to write whole numbers of thousands.
        return (
            PHONE_MASK if value.bit_length() <= LONGEST_PHONE_BITS and _PHONE.fullmatch(str(value)) else value
        )
    if _is_masked_field(name, value):
        return MASK
    if isinstance(value, str):
        return redact_query(value) if name in ("query", "query_string") else redact_text(value)
    return _compound(name, value, depth)


def _is_masked_field(name: str, value: Any) -> bool:
    if not is_secret_name(name) or name in KEPT_FIELDS:
        return False
    return name not in WORD_NAMES or not (isinstance(value, str) and _PLAIN_WORD.fullmatch(value))


def _compound(name: str, value: Any, depth: int) -> Any:
    if depth >= MAX_DEPTH:
        return MASK
    if isinstance(value, Mapping):
        return {key: _field(str(key), item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        if len(value) == 2 and isinstance(value, tuple) and isinstance(value[0], str):  # noqa: PLR2004
            return (value[0], _field(value[0], value[1], depth + 1))
        return [_field("", item, depth + 1) for item in value]
    if name == "exc_info" or type(value).__module__ == "datetime":
        return value
    return redact_text(repr(value))
