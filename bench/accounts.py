"""The made-up accounts of the benchmark: what gateway, peers and senders know alike.

Names and values only: the measured gateway and the peers import this, and must carry nothing else of the benchmark.
"""

from __future__ import annotations

CALLBACK_SECRET = "bench-callback-5d1f83a7c2"
CALLBACK_TYPE = "bench_event"
FEISHU_APP_ID = "cli_bench0000000001"
FEISHU_TOKEN = "benchVerificationToken7f31"
FEISHU_KEY = "bench-encrypt-key-91c4"
FEISHU_TYPE = "im.message.receive_v1"
SOURCE = "stripe"
"""The sender that stands for all that are described by data: a list of signatures, a signed time, JSON."""
SOURCE_SECRET = "bench-source-3c7e90a1d4"
SOURCE_TYPE = "checkout.session.completed"
WECHAT_APP_ID = "wx0be9c40000000001"
WECHAT_TOKEN = "benchWechatToken42"
WECHAT_AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
API_TOKEN = "bench-token-0c5a7be1d9"
