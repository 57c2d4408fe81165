"""Sample channels of a Telegram bot: callbacks by the description, sending by code."""

from __future__ import annotations

from tests.platforms.described_parties import prover
from tests.platforms.samples import Sample

SECRET = "telegram-secret-of-the-tests"
TOKEN = "1234567890:telegram-token-of-the-tests-0001"
OWN_VALUES = {"TELEGRAM_BOT_TOKEN": TOKEN}
BODY = b'{"update_id":870123456,"message":{"message_id":1,"text":"/start"}}'
SAMPLES = (
    Sample(
        "telegram",
        "",
        {"secret": SECRET, "bot_token": TOKEN, "chat_id": "-1001"},
        prover("telegram", {"secret": SECRET}),
        BODY,
        covers_body=False,
        has_window=False,
    ),
)
