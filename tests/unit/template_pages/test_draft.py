"""What stands in the editor: from a version to the form, back again, and where problems are found."""

from typing import Any

import pytest

from momentum.lib.errors import fault
from transmissions.template_pages import draft as drafts
from transmissions.template_pages import frame, problems, tables
from transmissions.template_pages.draft import Draft
from transmissions.template_pages.problems import Problem


def form_of(draft: Draft) -> dict[str, str]:
    """What a browser sends of it: line breaks as CRLF."""
    texts = {name: getattr(draft, name).replace("\n", "\r\n") for name in drafts.TEXTS}
    return texts | dict(draft.options) | {"key": draft.key, "is_prebuilt": "1" if draft.is_prebuilt else ""}


def sent_unchanged(content: dict[str, Any]) -> dict[str, Any]:
    """The content after its editor was opened and saved."""
    draft = drafts.of_version("k", "n", "d", {}, content)
    body, found = drafts.body(drafts.read(form_of(draft)), content)
    assert found == []
    return dict(body["content"])


@pytest.mark.parametrize(
    "content",
    [
        {"from": "desk@b.test", "subject": "", "text": "a\r\nb\r\n"},
        {"from": "Desk <desk@b.test>", "subject": "x", "html": "\n<p>\r</p>", "amp_html": "<html>", "text": " "},
        {
            "from": {"email": "{{a}}", "name": "{{b}}", "more": 1},
            "subject": "x",
            "html": "x",
            "reply_to": "c@b.test",
        },
        {"from": "{{from_addr}}", "subject": "x", "html": "x", "headers": {"X-N": 12, "X-F": True, "X-T": "a: b"}},
        {"email_rfc822": "From: a@b.test\r\n\r\nx"},
    ],
)
def test_saving_without_a_change_changes_nothing(content: dict[str, Any]) -> None:
    assert sent_unchanged(content) == content


def test_what_is_changed_is_sent_in_its_plain_form() -> None:
    stored = {
        "from": "desk@b.test",
        "subject": "x",
        "text": "a\r\nb",
        "html": "x",
        "headers": {"X-N": 12, "X-Gone": 1},
    }
    form = form_of(drafts.of_version("k", "n", "d", {"open_tracking": True, "click_tracking": False}, stored))
    form |= {"from_name": "Desk", "text": "a\r\nc", "html": "", "headers": "X-N: 13\r\n\r\n X-New : {{v}} "}
    form |= {"open_tracking": "", "transactional": "on", "initial_open": "perhaps"}
    body, found = drafts.body(drafts.read(form), stored)
    assert found == []
    assert body == {
        "name": "n",
        "description": "d",
        "options": {"click_tracking": False, "transactional": True},
        "content": {
            "from": {"email": "desk@b.test", "name": "Desk"},
            "subject": "x",
            "text": "a\nc",
            "headers": {"X-N": "13", "X-New": "{{v}}"},
        },
    }


def test_headers_that_cannot_be_read_are_named_by_line() -> None:
    _, found = drafts.body(Draft(headers="X-A: 1\nnothing\nX-A: 2\n: 3"), {})
    assert [(problem.tab, problem.line) for problem in found] == [("headers", 2), ("headers", 3), ("headers", 4)]


@pytest.mark.parametrize(
    "part, line, expected",
    [
        ("html", 7, ("html", "html", "HTML, line 7")),
        ("text", 1, ("text", "text", "Text, line 1")),
        ("amp_html", 2, ("amp_html", "amp_html", "AMP, line 2")),
        ("Header:Subject", 1, ("", "subject", "Subject")),
        ("Header:From", 1, ("", "from_email", "From")),
        ("Header:X-B", 1, ("headers", "headers", "X-B, line 2")),
        ("Header:X-Gone", 1, ("headers", "headers", "X-Gone")),
        ("text/html", 4, ("email_rfc822", "email_rfc822", "text/html, line 4")),
    ],
)
def test_parts_lead_to_their_tab_and_line(part: str, line: int, expected: tuple[str, str, str]) -> None:
    problem = problems.at_part(part, line, "what", "X-A: 1\nX-B: {{ x")
    assert (problem.tab, problem.target, problem.place) == expected


def test_faults_of_the_api_lead_to_their_field() -> None:
    syntax = fault("3000", "Error while compiling part html: line 2: unexpected 'end'", part="html", line=2)
    found = problems.of_faults(
        [
            syntax,
            fault("1400", "content.from is a required field"),
            fault("1300", "name is longer"),
            fault("1502", "x"),
        ]
    )
    assert [(problem.what, problem.target, problem.place) for problem in found] == [
        ("unexpected 'end'", "html", "HTML, line 2"),
        ("content.from is a required field", "from_email", "From"),
        ("name is longer", "name", "Label"),
        ("x", "", ""),
    ]


@pytest.mark.parametrize(
    "text, line",
    [("", None), (" \n", None), ('{"a": "b"}', None), ('{\n"é": 1,\n}', 3), ("[1]", 1), ('{"a"', 1), ("x", 1)],
)
def test_test_data_are_an_object(text: str, line: int | None) -> None:
    problem = problems.in_json(text)
    assert (problem.line if problem else None) == line
    assert problem is None or problem.tab == "test_data"


def test_deep_test_data_are_refused() -> None:
    assert isinstance(problems.in_json('{"a":' * 100_000 + "1" + "}" * 100_000), Problem)


def test_a_document_has_its_policy_before_anything_in_it() -> None:
    shown = frame.document("<!DOCTYPE html><html><script>x</script>")
    assert shown.startswith(
        '<!DOCTYPE html><meta http-equiv="Content-Security-Policy" content="default-src \'none\';'
    )
    assert shown.index("Content-Security-Policy") < shown.index("<script>")
    assert frame.document("<p>").startswith("<meta")
    assert "allow-scripts" not in frame.SANDBOX
    assert "allow-same-origin" not in frame.SANDBOX


def test_cells_are_quoted_and_no_cell_is_a_formula() -> None:
    rows = [["=1+1", 'a"b,c', "+x", "-x", "@x", "\tx", "x=1", "a\nb"]]
    assert tables.as_csv(["H"], rows).decode() == ('\ufeffH\r\n\'=1+1,"a""b,c",\'+x,\'-x,\'@x,\'\tx,x=1,"a\nb"\r\n')


@pytest.mark.parametrize("count, size, last", [(0, 25, 1), (25, 25, 1), (26, 25, 2), (1000, 100, 10)])
def test_pages(count: int, size: int, last: int) -> None:
    assert tables.last_page(count, size) == last


def test_pages_nearby() -> None:
    assert tables.near(1, 9) == [1, 2, 3]
    assert tables.near(5, 9) == [3, 4, 5, 6, 7]
    assert tables.near(9, 9) == [7, 8, 9]
