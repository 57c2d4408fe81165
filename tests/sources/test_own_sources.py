"""An operator's own sources: one TOML file, or a table in channels.toml, and nothing else."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli.sources import sources_group
from app.config.channels import parse_channels
from app.core.errors import ConfigurationError
from app.core.values import Coverage, InboundRequest
from app.pipeline.channels import Channels, open_channels
from app.platforms import Platforms, catalogue, coded, coded_slugs
from app.wire.sources.settings import SourceSettings
from sandbox.sources.files import source as described
from sandbox.sources.signing import fire
from tests.sources.firing import NOW
from tests.sources.judging import judge

SECRET = "a-secret-of-the-made-up-shop"
SHOP = """
slug = "made-up-shop"
name = "Made-up shop"
name_zh = "示例商店"
confidence = "source"

[signature]
signature_header = "X-Shop-Signature"
item_format = "v1={sig}"
signed = "{header:X-Shop-Id}.{body}"
id = "header:X-Shop-Id"
type = "json:event"

[signature.answers.accepted]
text = "got it"

[sample]
body = '{"event":"order.paid"}'
settings = { secret = "sandbox-source-secret-0123456789" }
"""


def folder_with(tmp_path: Path, text: str = SHOP, name: str = "made-up-shop") -> Path:
    (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    return tmp_path


def opened(text: str, own: Path | None = None) -> Channels:
    platforms = Platforms(own, public_base_url="https://gateway.example")
    platforms.check_own()
    return open_channels(parse_channels(text, {}).channels, platforms)[0]


def shop_request(body: bytes = b'{"event":"order.paid","user_id":"u1"}') -> InboundRequest:
    signature = hmac.new(SECRET.encode(), b"77." + body, hashlib.sha256).hexdigest()
    headers = (("X-Shop-Id", "77"), ("X-Shop-Signature", f"v1={signature}"))
    return InboundRequest("POST", "/webhooks/shop", "", headers, body, "203.0.113.9", NOW)


def test_one_file_makes_a_platform(tmp_path: Path) -> None:
    channels = opened(
        f'[channels.shop]\nplatform = "made-up-shop"\nsecret = "{SECRET}"\n', folder_with(tmp_path)
    )
    channel = channels.get("shop")
    assert channel is not None
    judged = judge(channel.connector, shop_request(), NOW)
    assert [(event.type, event.key, event.subject) for event in judged.events] == [("order.paid", "77", "u1")]
    assert judge(channel.connector, shop_request()._replace(body=b"{}"), NOW).outcome == "refuse"


def test_underscores_in_a_slug_mean_the_same() -> None:
    channel = opened(f'[channels.a]\nplatform = "checkout_com"\nsecret = "{SECRET}"\n').get("a")
    assert channel is not None
    assert channel.spec.slug == "checkout-com"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('type = "json:event"', 'typ = "json:event"', "(do you mean type?); allowed there are"),
        (
            'signed = "{header:X-Shop-Id}.{body}"',
            'signed = "{bodi}"',
            "signature.signed: {bodi} is no word; allowed are body",
        ),
        (
            'id = "header:X-Shop-Id"',
            'id = "headers:X-Shop-Id"',
            "signature.id: 'headers:X-Shop-Id' is no place; it begins with one of header, query",
        ),
        ("[signature]", '[signature]\nchecks = { "jsn:a" = "b" }', "signature.checks: 'jsn:a' is no place"),
        ('item_format = "v1={sig}"', 'item_format = "v1="', "item_format must hold {sig} once"),
        ('signature_header = "X-Shop-Signature"', "", "signature_header or signature_place must say"),
        ("[signature]", '[signature]\nencoding = "hexx"', "encoding"),
        ("[signature]", '[signature]\nkind = "digest"', "signed must hold {secret}"),
        ("[signature]", '[signature]\nunwrap = ["zip"]', "unwrap step 'zip' is not known"),
        (
            "[signature]",
            '[signature]\nrequires = { "json:a" = "shop_id" }',
            "shop_id is named and not declared",
        ),
        ('slug = "made-up-shop"', 'slug = "other"', "the file must be called other.toml"),
        ("[signature]", "[signature", "made-up-shop.toml"),
    ],
)
def test_a_wrong_description_is_refused_at_start_with_the_key_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert old in SHOP
    with pytest.raises(ConfigurationError) as caught:
        opened("", folder_with(tmp_path, SHOP.replace(old, new, 1)))
    assert any(told in fault and "made-up-shop.toml" in fault for fault in caught.value.faults), (
        caught.value.faults
    )


def test_an_own_file_does_not_take_the_place_of_a_platform_with_code(tmp_path: Path) -> None:
    text = SHOP.replace('slug = "made-up-shop"', 'slug = "feishu"')
    with pytest.raises(ConfigurationError, match="choose another one"):
        opened("", folder_with(tmp_path, text, "feishu"))


def test_an_own_file_that_the_gateways_catalogue_hides_is_named(tmp_path: Path) -> None:
    for slug in ("stripe", "slack"):
        text = SHOP.replace('slug = "made-up-shop"', f'slug = "{slug}"')
        folder = tmp_path / slug
        folder.mkdir()
        platforms = Platforms(folder_with(folder, text, slug))
        platforms.check_own()
        assert [sentence.partition(" ")[0] for sentence in platforms.hidden_own()] == [f"sources/{slug}.toml"]


def test_a_description_on_the_spot_makes_a_channel() -> None:
    text = f"""
[channels.shop]
platform = "hmac"
secret = "{SECRET}"
[channels.shop.signature]
signature_header = "X-Shop-Signature"
item_format = "v1={{sig}}"
signed = "{{header:X-Shop-Id}}.{{body}}"
id = "header:X-Shop-Id"
type = "json:event"
"""
    channel = opened(text).get("shop")
    assert channel is not None
    assert channel.secrets == {SECRET}
    assert judge(channel.connector, shop_request(), NOW).outcome == "accept"
    assert channel.connector.signature_covers is Coverage.BODY  # type: ignore[attr-defined]


def test_a_wrong_key_on_the_spot_is_named_with_what_is_allowed() -> None:
    text = '[channels.shop]\nplatform = "token"\nsecret = "x"\n[channels.shop.signature]\nsignature_heder = "X"\n'
    with pytest.raises(ConfigurationError) as caught:
        opened(text)
    [fault, *_] = [fault for fault in caught.value.faults if "signature_heder" in fault]
    assert "allowed there are" in fault
    assert "signature_header" in fault


def test_a_channel_without_its_secret_takes_no_callbacks_and_says_why() -> None:
    channels = opened('[channels.a]\nplatform = "stripe"\nsecret = ""\n')
    assert [each.reason.partition(" ")[0] for each in channels.disabled] == ["secret"]


def test_an_unconfirmed_source_says_so_where_channels_are_listed() -> None:
    channel = opened(f'[channels.a]\nplatform = "jd-open"\nsecret = "{SECRET}"\n').get("a")
    assert channel is not None
    assert "no published source" in str(channel.connector.advice)  # type: ignore[attr-defined]


def test_an_unknown_platform_is_answered_with_names_that_are_alike() -> None:
    with pytest.raises(ConfigurationError) as caught:
        opened('[channels.a]\nplatform = "strype"\n')
    assert "do you mean" in caught.value.faults[0]
    assert "stripe" in caught.value.faults[0]


def test_the_catalogue_holds_what_it_promises() -> None:
    sources = list(catalogue().values())
    assert len(sources) >= 150
    assert catalogue().faults() == []
    # A folder with the slug of a source knows its sending alone; the callbacks stay with the description.
    for slug in set(catalogue()) & coded_slugs():
        assert not issubclass(coded(slug).settings, SourceSettings)
        assert issubclass(Platforms()[slug].settings, SourceSettings)
    assert [each.slug for each in sources if not each.facts or not each.read] == []
    assert [each.slug for each in sources if each.region == "cn" and each.name_zh.isascii() and each.slug not in ("coding-net", "pingxx")] == []  # fmt: skip


def run(services: Any, *words: str) -> Any:
    return CliRunner().invoke(sources_group(services), list(words))


@pytest.mark.backends("sqlite")
def test_the_commands_list_show_and_check(services: Any, tmp_path: Path) -> None:
    listed = json.loads(run(services, "list", "--json").output)
    assert {"slug": "stripe", "name": "Stripe", "kind": "hmac"}.items() <= next(
        each for each in listed if each["slug"] == "stripe"
    ).items()
    assert "secret" in run(services, "show", "stripe").output
    assert run(services, "show", "nobody").exit_code == 1
    folder_with(tmp_path)
    assert "is in order" in run(services, "check", str(tmp_path / "made-up-shop.toml")).output
    folder_with(tmp_path, SHOP.replace("json:event", "jsn:event"))
    assert run(services, "check", str(tmp_path / "made-up-shop.toml")).exit_code == 1


@pytest.mark.backends("sqlite")
def test_a_recorded_request_is_tried_and_what_was_signed_is_shown(services: Any, tmp_path: Path) -> None:
    folder_with(tmp_path)
    request = shop_request()
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
    (tmp_path / "request").write_bytes(f"POST /webhooks/shop HTTP/1.1\r\n{head}\r\n".encode() + request.body)
    words = ("try", str(tmp_path / "made-up-shop.toml"), "--request", str(tmp_path / "request"))
    taken = run(services, *words, "--set", f"secret={SECRET}")
    assert (taken.exit_code, "type order.paid, key 77" in taken.output) == (0, True), taken.output
    assert 'Signed text: 77.{"event"' in taken.output
    refused = run(services, *words, "--set", "secret=another-secret-of-theirs")
    assert (refused.exit_code, "Refused: bad_signature" in refused.output) == (1, True)
    assert SECRET not in taken.output + refused.output


def recorded(tmp_path: Path, ending: bytes = b"") -> Path:
    request = shop_request()
    head = "".join(f"{name}: {value}\n" for name, value in request.headers)
    path = tmp_path / "recorded"
    path.write_bytes(f"POST /webhooks/shop HTTP/1.1\n{head}\n".encode() + request.body + ending)
    return path


@pytest.mark.backends("sqlite")
def test_a_trial_says_which_key_is_missing_and_which_are_known(services: Any, tmp_path: Path) -> None:
    folder_with(tmp_path, SHOP.replace('settings = { secret = "sandbox-source-secret-0123456789" }', ""))
    words = ("try", str(tmp_path / "made-up-shop.toml"), "--request", str(recorded(tmp_path)))
    assert "secret is not given; add --set secret=…" in run(services, *words).output
    wrong = run(services, *words, "--set", "secrt=x").output
    assert "secrt is not a known key." in wrong
    assert "Known keys: allow_unsigned, signed_url, event_id, event_type, secret." in wrong


@pytest.mark.backends("sqlite")
def test_a_trial_says_that_a_line_end_of_the_editor_is_what_does_not_fit(
    services: Any, tmp_path: Path
) -> None:
    folder_with(tmp_path)
    words = ("try", str(tmp_path / "made-up-shop.toml"), "--request", str(recorded(tmp_path, b"\n")))
    tried = run(services, *words, "--set", f"secret={SECRET}")
    assert (tried.exit_code, "Without the line end" in tried.output) == (1, True)
    other = run(services, *words, "--set", "secret=another-one-of-theirs")
    assert (other.exit_code, "Without the line end" in other.output) == (1, False)


@pytest.mark.backends("sqlite")
def test_a_known_source_is_tried_by_its_slug_and_a_wrong_slug_is_answered_with_one_alike(
    services: Any, tmp_path: Path
) -> None:
    made = fire(
        described("stripe"), now=NOW.timestamp(), identifier="evt-1", address="", settings={"secret": SECRET}
    )
    head = "".join(f"{name}: {value}\n" for name, value in made.headers.items())
    (tmp_path / "r").write_bytes(f"POST /webhooks/pay HTTP/1.1\n{head}\n".encode() + made.body)
    words = ("--request", str(tmp_path / "r"), "--set", f"secret={SECRET}", "--at", str(NOW.timestamp()))
    assert "type checkout.session.completed, key evt-1" in run(services, "try", "stripe", *words).output
    assert "Do you mean stripe" in run(services, "try", "strype", *words).output
