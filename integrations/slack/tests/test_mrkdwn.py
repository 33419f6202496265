"""mrkdwn in and out: the digest's cases, and what must not get through."""

import pytest

from integrations.slack import mrkdwn
from integrations.slack.mrkdwn import Names

NAMES = Names(users={"U01": "Ada"}, channels={"C01": "general"}, groups={"S01": "devrel"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hi <@U01>", "hi @Ada"),
        ("hi <@U99|bob>", "hi @bob"),
        ("hi <@U99>", "hi @U99"),
        ("see <#C01>", "see #general"),
        ("see <#C02|random>", "see #random"),
        ("ping <!subteam^S01>", "ping @devrel"),
        ("ping <!subteam^S9|@ops>", "ping @ops"),
        ("<!here> now", "@here now"),
        ("<!date^1392734382^Posted {date_num}|Posted 2014-02-18>", "Posted 2014-02-18"),
        ("<https://example.org/a?b=1&amp;c=2|docs>", "docs (https://example.org/a?b=1&c=2)"),
        ("<https://example.org>", "https://example.org"),
        ("<mailto:a@example.org|a@example.org>", "a@example.org"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&amp;lt;", "&lt;"),
        ("", ""),
    ],
)
def test_text_of_a_message(text: str, expected: str) -> None:
    assert mrkdwn.to_text(text, NAMES) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**bold** and *it* and ~~no~~", "*bold* and _it_ and ~no~"),
        ("# Title", "*Title*"),
        ("see [docs](https://a.example/x?y=1&z=2)", "see <https://a.example/x?y=1&amp;z=2|docs>"),
        ("![shot](https://a.example/p.png)", "<https://a.example/p.png|shot>"),
        ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
        ("`a<b` stays code", "`a&lt;b` stays code"),
        ("- one\n- [x] done\n- [ ] open", "• one\n☑ done\n☐ open"),
        ("1. one\n2. two", "1. one\n2. two"),
        ("> quoted **b**", "> quoted *b*"),
        ("```js\nif (a<b) {}\n```", "```\nif (a&lt;b) {}\n```"),
        ("<https://a.example>", "<https://a.example>"),
        ("[a|b](https://a.example/a|b)", "<https://a.example/a%7Cb|a¦b>"),
        (
            "<!channel> <@U01> typed by a stranger",
            "&lt;!channel&gt; &lt;@U01&gt; typed by a stranger",
        ),
        ("one\n\ntwo", "one\n\ntwo"),
        ("[@ada](mention:U01), still there?", "<@U01>, still there?"),
        ("[x](mention:U01|here)", "<mention:U01%7Chere|x>"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "```\na  b\n1  2\n```"),
    ],
)
def test_markdown_of_an_answer(text: str, expected: str) -> None:
    assert mrkdwn.from_markdown(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*b* _i_ ~s~ `c`", "<b>b</b> <i>i</i> <s>s</s> <code>c</code>"),
        ("```\n<b>&amp;\n```", "<pre>&lt;b&gt;&amp;</pre>"),
        ("&gt; quoted", "<blockquote>quoted</blockquote>"),
        ("<https://a.example|x>", '<a href="https://a.example">x</a>'),
        ("<javascript:alert(1)|x>", "x"),
        (
            '<https://a.example/"onmouseover=1|x>',
            '<a href="https://a.example/&quot;onmouseover=1">x</a>',
        ),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ],
)
def test_html_for_the_desk(text: str, expected: str) -> None:
    assert mrkdwn.to_html(text, NAMES) == expected


def test_title_is_the_first_line_without_marks() -> None:
    text = "```\n*How* do I `drop` a _slot_ of <@U01>?\nmore"
    assert mrkdwn.title(text, NAMES) == "How do I drop a slot of @Ada?"
    assert mrkdwn.title("word " * 40, NAMES) == "word " * 17 + "word …"
    assert mrkdwn.title("", NAMES) == ""


def test_long_answers_are_split_at_paragraphs_with_their_fences_closed() -> None:
    text = "\n\n".join(f"paragraph {n} " + "x" * 500 for n in range(40))
    parts = mrkdwn.split(text)
    assert max(map(len, parts)) <= mrkdwn.LONGEST_POST
    assert "\n\n".join(part.strip() for part in parts) == text
    code = "```\n" + "\n".join(f"line {n}" for n in range(2000)) + "\n```"
    assert all(part.count("```") == 2 for part in mrkdwn.split(code))
    assert mrkdwn.split("short") == ["short"]


def test_text_of_rich_blocks_alone() -> None:
    blocks = [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "hello "},
                        {"type": "user", "user_id": "U01"},
                        {"type": "link", "url": "https://a.example"},
                    ],
                }
            ],
        }
    ]
    assert (
        mrkdwn.to_text(mrkdwn.from_blocks(blocks).strip(), NAMES) == "hello @Adahttps://a.example"
    )
