"""The set-up page of each source: made from its file, whole, and saying nothing that the file does not hold."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from app.wire.sources.catalogue import Source
from app.wire.sources.chinese import spaced
from app.wire.sources.pages import PAGES, ROOT, all_texts
from app.wire.sources.proof_words import place_words, proof_words
from app.wire.sources.refusal_words import refusals
from app.wire.sources.setup_page import channel_text, page_text, sample_type
from sandbox.sources.files import source as described
from sandbox.sources.types import own_type
from tests.sources.judging import SLUGS, source_of

ENGINE = ROOT / "app" / "wire" / "sources"


@cache
def texts_of_all() -> dict[Path, str]:
    return all_texts(source_of(slug) for slug in SLUGS)


def test_the_pages_the_list_and_the_schema_are_those_of_the_files() -> None:
    texts = texts_of_all()
    old = [
        str(path)
        for path, text in texts.items()
        if not (ROOT / path).exists() or (ROOT / path).read_text(encoding="utf-8") != text
    ]
    assert old == [], "run `make example-files`"
    there = {path.relative_to(ROOT) for path in (ROOT / PAGES).glob("*.md")}
    assert there == {path for path in texts if path.parent == PAGES}


def test_every_page_holds_address_facts_and_both_languages() -> None:
    for slug in SLUGS:
        source, page = source_of(slug), texts_of_all()[PAGES / f"{slug}.md"]
        wanted = [
            "## English",
            "## 中文",
            f"https://<your gateway>/webhooks/{slug}",
            source.facts,
            source.read,
        ]
        assert [text for text in wanted if text not in page] == [], slug
        assert ("**Confidence**: *unconfirmed*" in page) is (source.confidence == "unconfirmed"), slug


def test_the_list_links_to_a_page_that_is_there() -> None:
    text = (ROOT / "docs" / "platforms" / "sources.md").read_text(encoding="utf-8")
    linked = re.findall(r"\(sources/([a-z0-9-]+)\.md\)", text)
    assert sorted(linked) == SLUGS


def test_every_reason_on_a_page_is_one_that_the_engine_gives() -> None:
    engine = "".join(
        path.read_text(encoding="utf-8") for path in ENGINE.glob("*.py") if not _is_of_pages(path)
    )
    for shared in ("core/values.py", "wire/key_sets.py", "wire/signed_tokens.py"):
        engine += (ROOT / "app" / shared).read_text(encoding="utf-8")
    told = {
        reason
        for slug in SLUGS
        for text, _ in refusals(source_of(slug).signature)
        for reason in text.split(", ")
    }
    assert [reason for reason in told if f'"{reason}"' not in engine and not _is_of_a_setting(reason)] == []
    assert {"bad_signature", "bad_token", "timestamp_outside_tolerance", "wrong_value"} <= told


def _is_of_pages(path: Path) -> bool:
    return path.name.endswith(("_words.py", "_page.py", "pages.py"))


def _is_of_a_setting(reason: str) -> bool:
    """The pipeline makes these of the name in the request: wrong_appid."""
    return any(
        reason == "wrong_" + place.rpartition(":")[2].rpartition(".")[2].lower()
        for slug in SLUGS
        for place in source_of(slug).signature.requires
    )


def test_gateway_and_simulator_read_the_same_type_from_every_sample() -> None:
    differing = [slug for slug in SLUGS if sample_type(source_of(slug)) != own_type(described(slug))]
    assert differing == []


@pytest.mark.parametrize(
    ("slug", "english", "chinese"),
    [
        ("stripe", "HMAC-SHA-256 in hex; the key is `secret` as text", "密钥为 `secret`"),
        ("youzan", "MD5 in hex of a text that holds `secret`", "对含有 `secret` 的文本取 MD5"),
        ("telegram", "holds the secret itself", "里就是密钥本身"),
        ("chargebee", "Basic credentials", "Basic 凭据"),
        ("discord", "Ed25519 in hex, checked with `public_key`", "用 `public_key` 验证"),
        ("kinde", "JSON Web Token (RS256), signed with a key of the platform's key set", "由平台公布的密钥集签名"),
    ],
)  # fmt: skip
def test_a_proof_is_put_into_words(slug: str, english: str, chinese: str) -> None:
    said = proof_words(source_of(slug).signature)
    assert english in said.english
    assert chinese in said.chinese


def test_a_place_is_put_into_words() -> None:
    assert place_words("header:x-a + json:b|body_sha256").english == (
        "the header `x-a` and the JSON field `b`, or else the SHA-256 of the body"
    )
    assert place_words("header:<header_name>").chinese == "请求头（名称由键 `header_name` 给出）"


def test_a_variant_and_what_is_left_out_of_sorted_fields_are_put_into_words() -> None:
    page = page_text(source_of("allinpay"))
    assert (
        "| otherwise | with `form:signtype` = `MD5`: digest `md5`, encoding `hex`, kind `digest`, signed"
        in page
    )
    assert "all fields of the form that are not empty but `sign`, sorted by name and joined" in page


def test_an_address_that_the_description_brings_is_not_asked_for() -> None:
    assert 'jwks_url = "' not in channel_text(source_of("kinde"))


@pytest.mark.parametrize(
    ("written", "spaced_out"),
    [
        ("位于XML元素`sign`。", "位于 XML 元素 `sign`。"),
        ("部分 里就是 密钥", "部分里就是密钥"),
        ("键 `a b中c` ，与 `d` 比较", "键 `a b中c`，与 `d` 比较"),
        ('200 `{"message": "成功"}`', '200 `{"message": "成功"}`'),
    ],
)
def test_chinese_has_its_usual_blanks_and_code_stays_as_it_is(written: str, spaced_out: str) -> None:
    assert spaced(written) == spaced_out


def test_what_the_file_does_not_say_is_said_to_be_unknown() -> None:
    source = source_of("stripe")
    assert "deadline_s" not in source.model_fields_set
    page = page_text(source)
    assert "| deadline | not recorded |" in page
    assert "| after a failed answer | not recorded |" in page
    told = source.model_copy(update={"deadline_s": 3.0, "retries": False})
    assert "| deadline | 3 s |" in page_text(told)
    assert "| after a failed answer | not sent again |" in page_text(_with_fields(told, "retries"))


def _with_fields(source: Source, name: str) -> Source:
    source.model_fields_set.add(name)
    return source
