"""What each dialect writes, sign by sign, and how HTML and plain words come into the same tree."""

from __future__ import annotations

import pytest

from app.core.errors import RequestError
from app.wire.texts import Dialect, Limit, escape, write_parts

ROOM = Limit("characters", 10**6)

INLINES = "**bold *both*** ~~old~~ `a<b` [site](https://a.example/x_(1)) ![pic](https://a.example/p.png)"
WRITTEN_INLINES = {
    Dialect.PLAIN: "bold both old a<b site (https://a.example/x_(1)) pic (https://a.example/p.png)",
    Dialect.PLAIN_WITH_TAGS: "bold both old a<\u200bb site (https://a.example/x_(1)) pic (https://a.example/p.png)",
    Dialect.COMMONMARK: "**bold *both*** ~~old~~ `a<b` [site](https://a.example/x_%281%29) ![pic](https://a.example/p.png)",
    Dialect.HTML: '<p><strong>bold <em>both</em></strong> <s>old</s> <code>a&lt;b</code> <a href="https://a.example/x_(1)">site</a> '
    '<img src="https://a.example/p.png" alt="pic"></p>',
    Dialect.WECOM: "**bold both** old `a<b` [site](https://a.example/x_%281%29) [pic](https://a.example/p.png)",
    Dialect.WECOM_V2: "**bold *both*** old `a<b` [site](https://a.example/x_%281%29) ![pic](https://a.example/p.png)",
    Dialect.DINGTALK: "**bold *both*** old “a<\u200bb” [site](https://a.example/x_%281%29) ![pic](https://a.example/p.png)",
    Dialect.FEISHU_LARK_MD: "**bold *both*** ~~old~~ a&#60;b [site](https://a.example/x_%281%29) [pic](https://a.example/p.png)",
    Dialect.FEISHU_CARD: "**bold *both*** ~~old~~ `a<b` [site](https://a.example/x_%281%29) [pic](https://a.example/p.png)",
    Dialect.TELEGRAM_HTML: '<b>bold <i>both</i></b> <s>old</s> <code>a&lt;b</code> <a href="https://a.example/x_(1)">site</a> '
    '<a href="https://a.example/p.png">pic</a>',
    Dialect.SLACK: "*bold _both_* ~old~ `a&lt;b` <https://a.example/x_%281%29|site> <https://a.example/p.png|pic>",
    Dialect.DISCORD: "**bold *both*** ~~old~~ `a<b` [site](https://a.example/x_%281%29) [pic](https://a.example/p.png)",
}

BLOCKS = "#### Head\n\n1. one\n2. two\n   - deep\n\n> said\n> > twice\n\n```py\na < b\n```\n\n| k | v |\n|---|---|\n| 中 | x\\|y |\n\n---"
NATIVE = "#### Head\n\n1. one\n2. two\n   - deep\n\n> said\n>\n> > twice\n\n"
WRITTEN_BLOCKS = {
    Dialect.PLAIN: "Head\n1. one\n2. two\n   - deep\n\n> said\n>\n> > twice\n\n    a < b\n\nk: 中\nv: x|y\n\n---",
    Dialect.PLAIN_WITH_TAGS: "Head\n1. one\n2. two\n   - deep\n\n> said\n>\n> > twice\n\n    a < b\n\nk: 中\nv: x|y\n\n---",
    Dialect.COMMONMARK: NATIVE + "```py\na < b\n```\n\n| k | v |\n| --- | --- |\n| 中 | x\\|y |\n\n---",
    Dialect.WECOM: "#### Head\n1. one\n2. two\n   • deep\n\n> said\n>\n> > twice\n\n> a < b\n\nk: 中\nv: x|y",
    Dialect.WECOM_V2: NATIVE + "```py\na < b\n```\n\n| k | v |\n| --- | --- |\n| 中 | x\\|y |\n\n---",
    Dialect.DINGTALK: NATIVE + "> a < b\n\nk: 中  \nv: x|y\n\n---",
    Dialect.FEISHU_LARK_MD: "**Head**\n1. one\n2. two\n   • deep\n\nsaid\n\ntwice\n\na &#60; b\n\nk: 中\nv: x|y\n\n———",
    Dialect.FEISHU_CARD: NATIVE + "```py\na < b\n```\n\n| k | v |\n| --- | --- |\n| 中 | x&#124;y |\n\n---",
    Dialect.TELEGRAM_HTML: "<b>Head</b>\n1. one\n2. two\n   • deep\n\n<blockquote>said\n\ntwice</blockquote>\n\n"
    '<pre><code class="language-py">a &lt; b</code></pre>\n\n<pre>k   v\n--  ---\n中  x|y</pre>\n\n———',
    Dialect.SLACK: "*Head*\n1. one\n2. two\n   • deep\n\n> said\n>\n> > twice\n\n```\na &lt; b\n```\n\n```\nk   v\n--  ---\n中  x|y\n```\n\n———",
    Dialect.DISCORD: "**Head**\n1. one\n2. two\n   - deep\n\n> said\n>\n> > twice\n\n```py\na < b\n```\n\n```\nk   v\n--  ---\n中  x|y\n```\n\n———",
    Dialect.HTML: "<h4>Head</h4>\n<ol>\n<li>one</li>\n<li><p>two</p>\n<ul>\n<li>deep</li>\n</ul></li>\n</ol>\n<blockquote>\n<p>said</p>\n"
    "<blockquote>\n<p>twice</p>\n</blockquote>\n</blockquote>\n<pre><code>a &lt; b</code></pre>\n<table>\n<thead>\n"
    "<tr><th>k</th><th>v</th></tr>\n</thead>\n<tbody>\n<tr><td>中</td><td>x|y</td></tr>\n</tbody>\n</table>\n<hr>",
}


def written(text: str, dialect: Dialect, written_in: str = "markdown", **more: bool) -> str:
    (part,) = write_parts("", text, written_in, dialect, ROOM, **more)
    return part.text


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_dialect_writes_styles_blocks_and_tables_as_its_channel_shows_them(dialect: Dialect) -> None:
    assert written(INLINES, dialect) == WRITTEN_INLINES[dialect]
    assert written(BLOCKS, dialect) == WRITTEN_BLOCKS[dialect]


def test_nobody_is_called_and_nothing_linked_by_words_where_plain_text_has_tags() -> None:
    for words in ("<@all>", "<@U1>", '<a href="https://x.example">x</a>', "<qqbot-at-everyone />"):
        for text, written_in in ((words, "text"), (f"`{words}`", "markdown"), (f"    {words}", "markdown")):
            shown = written(text, Dialect.PLAIN_WITH_TAGS, written_in)
            assert words not in shown, text
            assert words in shown.replace("\u200b", ""), text


def test_code_makes_no_links_where_a_channel_has_no_code() -> None:
    for words in ("[x](https://x.example)", "**loud**", "<font color=red>x</font>"):
        assert words not in written(f"`{words}`", Dialect.DINGTALK), words


def test_words_are_never_taken_for_marks() -> None:
    said = "*a* <@all> [x](y) & https://a.example/b_c*d snake_case _e_ <no value>"
    for dialect, expected in {
        Dialect.PLAIN: said,
        Dialect.HTML: said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").join(("<p>", "</p>")),
        Dialect.SLACK: said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
        Dialect.WECOM: "*a* <\u200b@all> [x]\u200b(y) & https://a.example/b_c*d snake_case _e_ <\u200bno value>",
        Dialect.DISCORD: "\\*a\\* \\<@all> \\[x\\](y) & https://a.example/b_c*d snake_case \\_e\\_ \\<no value>",
        Dialect.FEISHU_CARD: "&#42;a&#42; &#60;@all&#62; &#91;x&#93;(y) &#38; https://a.example/b_c*d snake&#95;case &#95;e&#95; "
        "&#60;no value&#62;",
    }.items():  # fmt: skip
        assert written(said, dialect, "text") == expected, dialect
    assert escape("<@U1>", Dialect.SLACK) == "&lt;@U1&gt;"


def test_lines_of_plain_words_stay_lines_and_become_no_heading_or_item() -> None:
    said = "# no head\n  - no item\n1. no item"
    assert written(said, Dialect.PLAIN, "text") == said
    assert (
        written(said, Dialect.COMMONMARK, "text") == "\\# no head  \n\u00a0\u00a0\\- no item  \n1\\. no item"
    )
    assert (
        written(said, Dialect.DINGTALK, "text")
        == "\u200b# no head  \n\u00a0\u00a0\u200b- no item  \n1\u200b. no item"
    )


def test_html_comes_into_the_same_tree() -> None:
    page = (
        "<head><title>no</title></head><h2>Head</h2><p>Some <b> bold </b>text<br>\n two <a href='https://a.example'>site</a>"
        "<a href='javascript:x'>bad</a><script>no()</script><ul><li>one<li>two <i>it</i></ul><blockquote>said</blockquote>"
        "<pre><code class='language-py'>a &lt; b</code></pre><table><tr><th>k<th>v<tr><td>1<td>2</table>"
    )
    assert written(page, Dialect.COMMONMARK, "html") == (
        "## Head\n\nSome **bold** text  \ntwo [site](https://a.example)bad\n\n- one\n- two *it*\n\n> said\n\n"
        "```py\na < b\n```\n\n| k | v |\n| --- | --- |\n| 1 | 2 |"
    )


def test_tags_of_html_in_markdown_are_left_out_and_other_angle_brackets_stay() -> None:
    assert written("a <b>c</b><br>d <no value> <pod-name>", Dialect.PLAIN) == "a c\nd <no value> <pod-name>"


def test_links_lead_to_pages_mailboxes_and_telephones_only() -> None:
    for address in ("javascript:x", "/there", "data:text/html,x", "file:///etc/passwd", "tg://user?id=1"):
        assert written(f"[words]({address})", Dialect.TELEGRAM_HTML) == "words"
    assert (
        written("[call](tel:+861) [write](mailto:a@b.example)", Dialect.SLACK)
        == "<tel:+861|call> <mailto:a@b.example|write>"
    )
    assert (
        written("[a [b](https://b.example) c](https://c.example)", Dialect.SLACK)
        == "[a <https://b.example|b> c](https://c.example)"
    )
    assert written("[a][1] ![x](https://x.example)\n\n[1]: https://a.example 'title'", Dialect.PLAIN) == "a (https://a.example) x (https://x.example)"  # fmt: skip


def test_the_title_is_the_first_line_where_the_channel_has_none() -> None:
    for dialect, line in {Dialect.PLAIN: "A *b*\nc", Dialect.SLACK: "*A *b**\nc", Dialect.TELEGRAM_HTML: "<b>A *b*</b>\nc", Dialect.WECOM: "### A *b*\nc"}.items():  # fmt: skip
        (part,) = write_parts(" A\n*b* ", "c", "markdown", dialect, ROOM, title_in_text=True)
        assert (part.title, part.text, part.plain) == ("A *b*", line, "A *b*\nc")
    assert write_parts("Only", "", "markdown", Dialect.SLACK, ROOM)[0].text == "Only"
    with pytest.raises(RequestError, match="nothing to say"):
        write_parts(" ", "\x00\n", "markdown", Dialect.PLAIN, ROOM)
