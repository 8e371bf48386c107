"""Markup of the open pixels (contract 50 §3); where they go is found by transmissions.language."""

# No room: a block of one pixel that the next element is drawn over. Readers may skip images that are hidden.
_NO_ROOM = ' style="display:block;width:1px;height:1px;border:0;margin:0 0 -1px 0"'


def bottom_markup(url: str) -> str:
    return f'<img border="0" width="1" height="1" alt="" src="{url}">'


def top_markup(url: str) -> str:
    return f'<img border="0" width="1" height="1" alt="" src="{url}"{_NO_ROOM}>'


def amp_markup(url: str) -> str:
    return f'<amp-img width="1" height="1" alt="" src="{url}"></amp-img>'
