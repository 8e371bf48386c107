"""Whatever the parts and the data, the decoded body is the rendered text (line breaks as CRLF)."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.generation.builders import (
    body,
    generate,
    make_content,
    make_job,
    make_recipient,
    opened,
    read,
    tracked_urls,
)
from transmissions.language import Encoding, Scope, compile_part
from transmissions.values import TrackingFlags

UNTRACKED = TrackingFlags(open_tracking=False, click_tracking=False)
# Braces open tags; NUL is dropped by the language (contract 40 §16.11).
PLAIN = st.characters(codec="utf-8", exclude_characters="{}\0\r<>[")
TEXT = st.text(PLAIN, max_size=300) | st.text("a =.\n\té", max_size=300)
VALUE = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=200)


def with_crlf(text: str) -> str:
    return re.sub(r"\r\n|\r|\n", "\r\n", text)


@given(before=TEXT, value=VALUE, behind=TEXT)
@example(before="", value="\r", behind="\n")
@settings(max_examples=80)
def test_text_and_html_come_back(keyring, before, value, behind):
    source = f"{before}{{{{{{v}}}}}}{behind}"
    job = make_job(make_content(text=source, html=source), flags=UNTRACKED)
    generated = generate(keyring, job, make_recipient(substitution_data={"v": value}))
    for line in generated.data.split(b"\r\n"):
        assert len(line) <= 76 or line.startswith(b"List-Unsubscribe")
    expected = with_crlf(before) + with_crlf(value) + with_crlf(behind)
    assert body(generated, "plain") == expected
    assert body(generated, "html") == expected


FRAGMENTS = [
    "plain é = text ",
    "\n",
    "{{a}}",
    "{{{ a }}}",
    "{{if b}}\nyes {{a}}\n{{end}}, glued\n",
    "{{if c}}no{{else}}\n other {{end}}",
    "{{each l}}\n- {{loop_var}}\n{{end}}",
    "{{each l}}{{loop_index}}{{loop_var}}{{end}} ",
    '<a href="https://shop.test/{{a}}?x=1&amp;y=2">x</a>',
    "<img src='https://shop.test/p.png?{{a}}'>",
    "https://shop.test/{{a}} ",
    '<a {{if b}}href="https://shop.test/{{a}}"{{end}}>y</a>',
    "{{ render_dynamic_content(dynamic_html.k) }}",
    "{{ c or render_dynamic_content(dynamic_html.k) }}",
    " \t\n",
    "x" * 80,
]


@given(
    source=st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join),
    data=st.fixed_dictionaries(
        {"a": VALUE, "b": st.booleans(), "c": st.just(False), "l": st.lists(VALUE | st.integers(), max_size=3)}
    ),
)
@settings(max_examples=80)
def test_a_body_is_what_the_language_renders(keyring, source, data):
    """Piece by piece encoded or not: the reader sees the same text, and the same tracked links in it."""
    data |= {"dynamic_html": {"k": 'chunk {{a}} <a href="https://shop.test/c">c</a>'}}
    scope = Scope(transmission_data=data, email="ines@example.net")
    for part, subtype in (("text", "plain"), ("html", "html")):
        program = compile_part(part, source or "-", encoding=Encoding(with_crlf, with_crlf))
        expected = "".join(program.render(scope)).removesuffix("\r\n")
        content = make_content(**{part: source or "-"})
        for flags in (UNTRACKED, TrackingFlags(open_tracking=False)):
            generated = generate(keyring, make_job(content, flags=flags, substitution_data=data))
            assert back_to_targets(keyring, body(generated, subtype)).removesuffix("\r\n") == expected


def back_to_targets(keyring, text: str) -> str:
    for url in tracked_urls(text):
        target = opened(keyring, url)[1].url
        text = text.replace(url, target.replace("&", "&amp;") if "x=1&y=2" in target else target)
    return text


@given(value=VALUE)
def test_a_body_alone_ends_with_a_line_break(keyring, value):
    generated = generate(
        keyring,
        make_job(make_content(text="{{v}}"), flags=UNTRACKED),
        make_recipient(substitution_data={"v": value}),
    )
    read(generated)
    assert body(generated, "plain").removesuffix("\r\n") == with_crlf(value).removesuffix("\r\n")
