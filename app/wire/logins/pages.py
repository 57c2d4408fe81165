"""The page made from the descriptions: every login, its console page, its keys, and what its refusals mean. `make example-files` writes it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from app.wire.logins.catalogue import LoginCatalogue
from app.wire.logins.hints import HINTS
from app.wire.logins.login import Login
from app.wire.logins.settings import settings_of

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "app" / "platforms" / "oauth2" / "presets"
LIST = Path("docs", "platforms", "logins.md")
USUAL_HINTS = ("redirect_uri", "client_secret", "code_used")
"""Faults that every login can have."""

RETURN = "`PUBLIC_BASE_URL/oauth/<channel>/callback`"

HEAD = f"""# Logins · 登录

Logins that are described by data; made from the files in `app/platforms/oauth2/presets/`, do not edit. How they are used and written: [logins.md](../logins.md).
A channel takes `platform = "oauth2"`, `preset = "<slug>"` and the keys named here. The address to paste at the provider, exactly, is {RETURN}; `flask channels list` prints it.

这些登录由数据描述，本页由程序生成，请勿手改。用法与写法见 [logins.zh-CN.md](../logins.zh-CN.md)。在渠道里写 `platform = "oauth2"`、`preset = "<slug>"` 和下列各键；到对方后台原样填写的地址是 {RETURN}，`flask channels list` 会打印出来。

*unconfirmed*: rests on no good source; try it with a real account first. 未证实：没有可靠资料佐证，请先用真实账号试过。

"""


def list_text(logins: Iterable[Login]) -> str:
    """Return docs/platforms/logins.md."""
    found = list(logins)
    parts = [HEAD]
    for region, title in (("cn", "Chinese platforms · 中国平台"), ("global", "All others · 其他")):
        chosen = [login for login in found if login.region == region]
        parts.append(
            f"## {title} ({len(chosen)})\n\n| slug | name · 名称 | keys · 键 | id · 标识 | facts · 资料 |\n|---|---|---|---|---|\n"
        )
        parts += [_row(login) for login in chosen]
        parts.append("\n")
    parts.append(_cures())
    parts.append("## Each login · 逐个说明\n\n")
    parts += [_section(login) for login in found]
    return "".join(parts).rstrip("\n") + "\n"


def keys_of(login: Login) -> list[str]:
    """Return the keys a channel needs, and in brackets those it may leave out."""
    return [
        f"`{name}`" if said.default is None else f"[`{name}`]" for name, said in settings_of(login).items()
    ]


def _row(login: Login) -> str:
    sure = "" if login.confidence == "source" else "*unconfirmed* "
    kinds = ", ".join(f"`{each.kind}`" for each in login.subjects)
    union = " + union id" if login.identity.union_id else ""
    return (
        f"| [`{login.slug}`](#{login.slug}) | {_name(login)} | {', '.join(keys_of(login))} | {kinds}{union} "
        f"| {sure}{login.facts.replace('|', ' ')} ({login.read}) |\n"
    )


def _name(login: Login) -> str:
    return login.name if login.name == login.name_zh else f"{login.name} · {login.name_zh}"


def _cures() -> str:
    lines = ["## Faults and cures · 故障与处理\n\n", "| hint | what to do · 处理办法 |\n|---|---|\n"]
    words = {"name": "*name*", "console": "*console*", "redirect_uri": "*return address*"}
    words_zh = {"name": "*平台*", "console": "*后台页面*", "redirect_uri": "*回调地址*"}
    for name, hint in HINTS.items():
        lines.append(
            f"| `{name}` | {hint.sentence.format(**words)}<br>{hint.sentence_zh.format(**words_zh)} |\n"
        )
    return "".join(lines) + "\n"


def _section(login: Login) -> str:
    lines = [f"### {login.slug}\n\n", f"{_name(login)}\n\n"]
    lines.append(f"- Console · 后台: {login.console}\n")
    if login.is_direct:
        lines.append(
            "- No page: a program posts its code · 无登录页，由程序提交 code: `POST /api/v1/mini-program/<channel>/login`\n"
        )
    else:
        lines.append(f"- Paste there · 在那里填写: {RETURN}\n")
    for name, said in settings_of(login).items():
        optional = "" if said.default is None else f" ({said.default or '–'})"
        lines.append(f"- `{name}`{optional}: {said.label} {said.label_zh}\n")
    if login.scope:
        lines.append(f"- Scope · 权限: `{login.scope}`\n")
    hints = [*USUAL_HINTS, *(rule.means.partition("/")[2] for rule in login.errors)]
    lines.append(
        f"- Usual faults · 常见故障: {', '.join(f'`{each}`' for each in dict.fromkeys(hints) if each)}\n"
    )
    if login.unconfirmed:
        lines.append(f"- *unconfirmed* · 未证实: {'; '.join(login.unconfirmed)}\n")
    if login.note:
        lines.append(f"- {login.note} {login.note_zh}\n")
    return "".join(lines) + "\n"


def main() -> None:
    """Write the page."""
    (ROOT / LIST).write_text(list_text(LoginCatalogue(SHIPPED).values()), encoding="utf-8")


if __name__ == "__main__":
    main()
