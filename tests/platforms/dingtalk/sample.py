"""The sample channels of DingTalk, for events and for robots, for the suite that every platform goes through."""

from __future__ import annotations

from tests.platforms.dingtalk import channel
from tests.platforms.samples import Sample

SAMPLES = (
    Sample(
        "dingtalk",
        "events",
        {"app_key": channel.APP_KEY, "token": channel.TOKEN, "aes_key": channel.AES_KEY},
        channel.sealed,
        channel.event(),
        now=channel.NOW,
        has_window=False,
    ),
    Sample(
        "dingtalk",
        "robot",
        {"app_key": channel.APP_KEY, "app_secret": channel.APP_SECRET},
        channel.robot,
        b'{"msgtype":"text","msgId":"m1","senderStaffId":"u1","text":{"content":"hi"}}',
        now=channel.NOW,
        covers_body=False,
    ),
)
