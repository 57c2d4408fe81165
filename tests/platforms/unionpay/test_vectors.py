"""Recorded notices of UnionPay, made with openssl and the formula of public SDKs, are judged as their record says."""

from __future__ import annotations

from typing import Any

import pytest

from tests.platforms.code_records import case_id, cases_of, fault_of, opened, records_beside

RECORDS = records_beside(__file__)
KEYS = ("root_cert_pem", "middle_cert_pem", "owner_cn_part", "mer_id", "secure_key")


@pytest.mark.parametrize(("record", "case"), cases_of(*RECORDS.values()), ids=case_id)
def test_a_recorded_notice_is_judged_as_its_record_says(record: dict[str, Any], case: dict[str, Any]) -> None:
    source = opened("unionpay", {name: record["settings"][name] for name in KEYS})
    assert fault_of(source, record, case) is None
