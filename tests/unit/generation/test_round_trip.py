"""Whatever the parts and the data, the decoded body is the rendered text (line breaks as CRLF)."""

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.generation.builders import body, generate, make_content, make_job, make_recipient, read
from transmissions.values import TrackingFlags

UNTRACKED = TrackingFlags(open_tracking=False, click_tracking=False)
# Braces open tags; NUL is dropped by the language (contract 40 §16.11).
PLAIN = st.characters(codec="utf-8", exclude_characters="{}\0\r<>[")
TEXT = st.text(PLAIN, max_size=300) | st.text("a =.\n\té", max_size=300)
VALUE = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=200)


def with_crlf(text: str) -> str:
    return re.sub(r"\r\n|\r|\n", "\r\n", text)


@given(before=TEXT, value=VALUE, behind=TEXT)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_text_and_html_come_back(keyring, before, value, behind):
    source = f"{before}{{{{{{v}}}}}}{behind}"
    job = make_job(make_content(text=source, html=source), flags=UNTRACKED)
    generated = generate(keyring, job, make_recipient(substitution_data={"v": value}))
    for line in generated.data.split(b"\r\n"):
        assert len(line) <= 76 or line.startswith(b"List-Unsubscribe")
    expected = with_crlf(before) + with_crlf(value) + with_crlf(behind)
    assert body(generated, "plain") == expected
    assert body(generated, "html") == expected


@given(value=VALUE)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_body_alone_ends_with_a_line_break(keyring, value):
    generated = generate(
        keyring,
        make_job(make_content(text="{{v}}"), flags=UNTRACKED),
        make_recipient(substitution_data={"v": value}),
    )
    read(generated)
    assert body(generated, "plain").removesuffix("\r\n") == with_crlf(value).removesuffix("\r\n")
