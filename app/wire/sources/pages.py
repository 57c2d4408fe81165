"""Files made from the descriptions: the JSON Schema for editors, the list of all sources and a page for each. `make example-files` writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from app.wire.sources.catalogue import Catalogue, Source, schema
from app.wire.sources.coverage import coverage_of
from app.wire.sources.settings import asked_of
from app.wire.sources.setup_page import page_text

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "app" / "platforms" / "sources"
LIST = Path("docs", "platforms", "sources.md")
PAGES = Path("docs", "platforms", "sources")
SCHEMA = Path("docs", "source.schema.json")

HEAD = """# Sources

Senders of callbacks that are described by data, each with a page that says how to set it up; made from the files in `app/platforms/sources/`, do not edit. How a description is written: [sources.md](../sources.md).
A channel takes `platform = "<slug>"` and the keys named here; the address to enter at the sender is `PUBLIC_BASE_URL/webhooks/<channel>`.

这些来源由数据描述，点开名称可看接入说明；本页由程序生成，请勿手改。写法见 [sources.zh-CN.md](../sources.zh-CN.md)。在渠道里写 `platform = "<slug>"` 和下列各键；到对方后台填写的地址是 `PUBLIC_BASE_URL/webhooks/<渠道名>`。

*unconfirmed*: what is known rests on no published source; try it with real callbacks first. 未证实：没有公开资料佐证，请先用真实回调试过。

"""


def schema_text() -> str:
    """Return docs/source.schema.json."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


def list_text(sources: Iterable[Source]) -> str:
    """Return docs/platforms/sources.md."""
    found = sorted(sources, key=lambda source: source.slug)
    parts = [HEAD]
    for region, title in (("cn", "Chinese platforms · 中国平台"), ("global", "All others · 其他")):
        chosen = [source for source in found if source.region == region]
        parts.append(f"## {title} ({len(chosen)})\n\n")
        parts.append(
            "| slug | name · 名称 | proof · 证明 | covers | keys · 键 | facts · 资料 |\n|---|---|---|---|---|---|\n"
        )
        parts += [_row(source) for source in chosen]
        parts.append("\n")
    noted = [source for source in found if source.note]
    parts.append(
        "## Notes · 说明\n\n" + "".join(f"- `{each.slug}`: {each.note} {each.note_zh}\n" for each in noted)
    )
    return "".join(parts)


def _row(source: Source) -> str:
    name = source.name if source.name == source.name_zh else f"{source.name} · {source.name_zh}"
    sure = "" if source.confidence == "source" else "*unconfirmed* "
    keys = ", ".join(f"`{key}`" for key in asked_of(source.signature))
    covers = coverage_of(source.signature).value
    facts = source.facts.replace("|", "\\|")
    return f"| [`{source.slug}`](sources/{source.slug}.md) | {name} | {source.signature.kind} | {covers} | {keys} | {sure}{facts} ({source.read}) |\n"


def all_texts(sources: Iterable[Source]) -> dict[Path, str]:
    """Return every file that is made from the descriptions, by its path in the repository."""
    found = sorted(sources, key=lambda source: source.slug)
    pages = {PAGES / f"{source.slug}.md": page_text(source) for source in found}
    return {LIST: list_text(found), SCHEMA: schema_text(), **pages}


def main() -> None:
    """Write all of them; a page whose source is gone goes too."""
    texts = all_texts(Catalogue(SHIPPED).values())
    (ROOT / PAGES).mkdir(parents=True, exist_ok=True)
    for path in (ROOT / PAGES).glob("*.md"):
        if path.relative_to(ROOT) not in texts:
            path.unlink()
    for relative, text in texts.items():
        (ROOT / relative).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
