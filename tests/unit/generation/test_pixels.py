"""Places of the pixels in rendered html (contract 50 §3, §13)."""

import pytest

from transmissions.generation.pixels import amp_markup, bottom_markup, insert, top_markup


@pytest.mark.parametrize(
    "html, expected",
    [
        ("<html><body>x</body></html>", "<html><body>^x$</body></html>"),
        ("<p>x</p>", "<p>x</p>$"),
        ("", "$"),
        ("<body>x</body>", "<body>x$</body>"),
        ("<html>x</html>", "<html>x$</html>"),
        ("<html><BODY bgcolor='>' class=a>x</Body>y</body></html>", "<html><BODY bgcolor='>' class=a>^x</Body>y$</body></html>"),
        ("<HTML lang=en><body\n>x", "<HTML lang=en><body\n>^x$"),
        ("<html><body>a<body>b</body></body >", "<html><body>^a<body>b</body>$</body >"),
        ("<html><body>x<!-- </body> --></html>", "<html><body>^x<!-- </body> -->$</html>"),
        ("<html><!-- <body> --><body>x", "<html><!-- <body> --><body>^x$"),
        ("<html><body><script>'</body>'</script>x</html>", "<html><body>^<script>'</body>'</script>x$</html>"),
        ("<html><style>/*<body>*/</STYLE><body>x", "<html><style>/*<body>*/</STYLE><body>^x$"),
        ("<html><title></body></title><body>x", "<html><title></body></title><body>^x$"),
        ("<html><body>x<!-- </body>", "<html><body>^x<!-- </body>$"),
        ("<html><bodybuilder>x</bodybuilder>", "<html><bodybuilder>x</bodybuilder>$"),
        ("<html><body>x<!--></body>", "<html><body>^x<!-->$</body>"),
        ("<html></body><body>x", "<html>$</body><body>^x"),
    ],
)
def test_places(html, expected):
    assert insert(html, "^", "$") == expected


def test_one_pixel_alone():
    assert insert("<html><body>x</body></html>", "", "$") == "<html><body>x$</body></html>"
    assert insert("<html><body>x</body></html>", "^", "") == "<html><body>^x</body></html>"


def test_markup():
    assert bottom_markup("U") == '<img border="0" width="1" height="1" alt="" src="U">'
    assert top_markup("U").startswith('<img border="0" width="1" height="1" alt="" src="U" style="')
    assert amp_markup("U") == '<amp-img width="1" height="1" alt="" src="U"></amp-img>'


def test_hostile_html_is_scanned_in_one_pass():
    for hostile in ("<!--" * 100_000, '<body "' * 100_000, "<script>" * 100_000, "<" * 500_000):
        assert insert(hostile, "", "$").endswith("$")
