"""Markup of the pixels (contract 50 §3)."""

from transmissions.generation.pixels import amp_markup, bottom_markup, top_markup


def test_markup():
    assert bottom_markup("U") == '<img border="0" width="1" height="1" alt="" src="U">'
    assert top_markup("U").startswith('<img border="0" width="1" height="1" alt="" src="U" style="')
    assert amp_markup("U") == '<amp-img width="1" height="1" alt="" src="U"></amp-img>'
