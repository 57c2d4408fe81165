"""Recorded requests of Chinese platforms that stand beside `sources.json`: each is judged as its record says, under the platform's own names of keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.platforms.code_records import case_id, cases_of, fault_of
from tests.sources.judging import opened

RECORDS = json.loads(Path(__file__).with_name("vectors").joinpath("code-platforms.json").read_text("utf-8"))
SLUGS = {
    "aliyun_vod": "aliyun-vod",
    "allinpay": "allinpay",
    "doudian": "doudian",
    "douyin_life_spi": "douyin-life-spi",
    "douyin_mini_pay": "douyin-mini-pay",
    "douyin_trade_v3": "douyin-trade-v3",
    "douyin_webhook": "douyin-open",
    "huawei_push_receipt": "huawei-push-receipt",
    "lakala_v3": "lakala",
    "qq_bot": "qqbot",
    "taobao_qimen": "taobao-qimen",
    "xiaohongshu_ark": "xiaohongshu-ark",
}
"""The slug of each record's platform."""

SIGNS_ITS_PATH = {"xiaohongshu_ark"}
NAMES_ITS_PATH = {"douyin_life_spi"}


@pytest.mark.parametrize(("record", "case"), cases_of(*RECORDS), ids=case_id)
def test_a_recorded_request_is_judged_as_its_record_says(
    record: dict[str, Any], case: dict[str, Any]
) -> None:
    name, settings = record["platform"], dict(record["settings"])
    if name in SIGNS_ITS_PATH:
        settings["signed_url"] = case["url"].partition("?")[0]
    path = "/webhooks/recorded" + (case["path"] if name in NAMES_ITS_PATH else "")
    assert fault_of(opened(SLUGS[name], settings), record, case, path) is None
