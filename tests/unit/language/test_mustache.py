"""Tags that belong to the mail client (contract 40 §11)."""

import pytest

from tests.unit.language.support import rendered

OPEN, CLOSE = '<template type="amp-mustache">', "</template>"


@pytest.mark.parametrize(
    ("inside", "output"),
    [
        ("{{a}} {{{a}}} {{#a}}x{{/a}} {{^a}} {{! note }}", "{{a}} {{{a}}} {{#a}}x{{/a}} {{^a}} {{! note }}"),
        ("{{sparkpost.k}} {{momentum.k}}", "1 2"),
        ("{{if sparkpost.k}}{{a}}{{else}}no{{end}}", "{{a}}"),
        ("{{each momentum.l}}{{loop_var}}{{loop_vars.l}}{{loop_index}}{{end}}", "77{{loop_index}}"),
        ("{{opening_double_curly()}}{{ closing_double_curly ( ) }}", "{{}}"),
        ("{{sparkposts}} {{my_momentum}}", "{{sparkposts}} {{my_momentum}}"),
    ],
)
def test_inside_of_mustache_templates(inside: str, output: str) -> None:
    data = {"a": "A", "sparkpost": {"k": 1}, "momentum": {"k": 2, "l": [7]}}
    assert rendered("amp_html", f"{{{{a}}}}{OPEN}{inside}{CLOSE}{{{{a}}}}", data) == f"A{OPEN}{output}{CLOSE}A"
    assert rendered("amp_html", f"{OPEN}{inside}", data) == f"{OPEN}{output}"


@pytest.mark.parametrize("opening", ["<TEMPLATE id=x type='amp-mustache' >", "<template\ntype=amp-mustache>"])
def test_spellings(opening: str) -> None:
    assert rendered("amp_html", opening + "{{a}}", {"a": 1}) == opening + "{{a}}"


@pytest.mark.parametrize("opening", ["<template>", '<template type="text">', '<templates type="amp-mustache">'])
def test_other_templates_are_ours(opening: str) -> None:
    assert rendered("amp_html", opening + "{{a}}", {"a": 1}) == opening + "1"


def test_only_in_amp_parts() -> None:
    assert rendered("html", f"{OPEN}{{{{a}}}}", {"a": 1}) == f"{OPEN}1"
