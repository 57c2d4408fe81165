"""Opens encryptedData of `wx.getUserInfo` and the like, and reads phone numbers.

Source: WeChat "开放数据校验与解密" and "getPhoneNumber" pages (read 2026-11-20). What is odd: ordinary padding of 16 bytes, unlike the
platform's messages; nothing signs the data, so the watermark is what says for which program and when it was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.core.errors import RequestError
from app.core.ports import HttpClient
from app.core.values import JSON, TokenSet
from app.platforms.wechat_mini.program import MiniProgram
from app.security.signatures import strict_base64
from app.security.strict_json import parse_json_exactly
from app.wire.aes_envelopes import AES_BLOCK, aes_cbc_decrypt
from app.wire.wechat_family.answers import code_use, needed_text, optional_text

OLDEST = 600
"""Seconds; data is sent on as soon as somebody allowed it."""

LONGEST = 16_384


class MiniProgramUserData(MiniProgram):
    """Reads what the program hands over; satisfies app.core.ports.UserDataSource."""

    def open_user_data(self, tokens: TokenSet, *, encrypted_data: str, iv: str, now: datetime) -> JSON:
        """Open data with the session_key of the last login; whatever is wrong, the refusal is the same."""
        try:
            fields = _opened(tokens.extra.get("session_key", ""), encrypted_data, iv)
            _check_watermark(fields.get("watermark"), self.settings.app_id, now)
        except ValueError:
            raise RequestError(
                "bad_user_data",
                "The data was not sealed for this program in the last ten minutes, or not with the session of the last "
                "wx.login; call wx.login, log in with its code, then ask for the data once more.",
            ) from None
        return fields

    def phone_number(self, code: str, app_token: str, http: HttpClient) -> JSON:
        """Trade the code of the phone number button, which is not that of wx.login, once."""
        answer = http.request(
            "POST",
            f"{self.settings.api_base}/wxa/business/getuserphonenumber",
            params={"access_token": app_token},
            json={"code": code},
        )
        found = code_use(answer).get("phone_info")
        info: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
        return {
            "phone_number": needed_text(info, "phoneNumber"),
            "pure_phone_number": optional_text(info, "purePhoneNumber"),
            "country_code": optional_text(info, "countryCode"),
        }


def _opened(session_key: str, encrypted_data: str, iv: str) -> dict[str, Any]:
    if len(encrypted_data) > LONGEST:
        raise ValueError("too long")
    key, vector = strict_base64(session_key), strict_base64(iv)
    if len(key) != AES_BLOCK or len(vector) != AES_BLOCK:
        raise ValueError("not a key of 16 bytes")
    text = aes_cbc_decrypt(key, vector, strict_base64(encrypted_data), padding_block=AES_BLOCK)
    return dict(parse_json_exactly(text))


def _check_watermark(mark: object, app_id: str, now: datetime) -> None:
    """Raise ValueError unless the data was made for this program, lately."""
    if not isinstance(mark, Mapping) or mark.get("appid") != app_id:
        raise ValueError("another program")
    made = mark.get("timestamp")
    if isinstance(made, bool) or not isinstance(made, int) or abs(now.timestamp() - made) > OLDEST:
        raise ValueError("another time")
