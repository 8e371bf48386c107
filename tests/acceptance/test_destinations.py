"""Awkward destinations, from the content of a transmission through mail and tracker to a real HTTP server."""

import html
import json
import re
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email.message import EmailMessage
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urldefrag, urlsplit

import pytest

from tests.program import Program, running

pytestmark = pytest.mark.program

DATA = {"place": "a b/c", "query": "50% & é", "raw": "x/y?z=1&w=2"}
# As written behind the host (in html with &amp; for &), and as it has to arrive.
EXACT = (
    "/",
    "/a?b=1&c=2",
    "/d?e[]=1&f[k]=2",
    "/100%25/%7Euser/%zz",
    "/a//b/../c/./d",
    "/?q='single'",
    "/?next=https://y.test/&again=http://z.test/",
    "/a|b^c`d{e}~",
    "/semi;colon,comma=1;2",
    "/?" + "x" * 4000,
    "/twice",
    "/twice",
)
ENCODED = {
    "/straße?q=münchen": "/stra%C3%9Fe?q=m%C3%BCnchen",
    "/😀?q=👩‍💻": "/%F0%9F%98%80?q=%F0%9F%91%A9%E2%80%8D%F0%9F%92%BB",
    "/{{place}}/x?q={{query}}": "/a%20b%2Fc/x?q=50%25%20%26%20%C3%A9",
    "/{{{raw}}}": "/x/y?z=1&w=2",
    "/frag?x=1#top-part": "/frag?x=1",
}
IN_TEXT = {
    "see ({}/a_(b)).": "/a_(b)",
    "at the end {}/end?x=1.": "/end?x=1",
    "<{}/angled>": "/angled",
    "{}/d?e[]=1&f=2, and": "/d?e[]=1&f=2",
    "{}/straße!": "/stra%C3%9Fe",
}


class _Site(ThreadingHTTPServer):
    """Keeps the request lines that it gets."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Page)


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, _Site)
        # Not self.path, which is tidied up.
        self.server.asked.append(self.requestline.split(" ")[1])
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def a_site() -> Iterator[_Site]:
    with _Site() as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield site
        site.shutdown()


def get(url: str) -> str:
    """Ask for exactly this URL; its Location, "" where there is none."""
    parts = urlsplit(url)
    target = urldefrag(url).url[len(f"{parts.scheme}://{parts.netloc}") :] or "/"
    with closing(HTTPConnection(parts.netloc, timeout=10)) as connection:
        connection.request("GET", target)
        answer = connection.getresponse()
        answer.read()
    return str(answer.headers.get("Location", ""))


def send(program: Program, content: dict[str, str]) -> EmailMessage:
    recipient = {"address": "reader@example.net", "substitution_data": DATA}
    body = {"recipients": [recipient], "content": {"from": "news@example.com", "subject": "Links", **content}}
    headers = {"Authorization": program.api_key, "Content-Type": "application/json"}
    request = urllib.request.Request(f"{program.url}/api/v1/transmissions", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    return program.mail_for("reader@example.net").message


def test_every_destination_arrives_as_it_was_written() -> None:
    with running() as program, a_site() as site:
        host = f"http://127.0.0.1:{site.server_port}"
        written = [*EXACT, *ENCODED]
        links = [f'<a href="{host}{html.escape(path, quote=False)}">x</a>' for path in written]
        links += [f"<a href={host}/unquoted?a=1>x</a>", f'<A HREF = "{host.upper()}/upper">x</A>']
        text = "\n".join(line.format(host) for line in IN_TEXT)
        message = send(program, {"html": f"<html><body>{' '.join(links)}</body></html>", "text": text})

        bodies = [message.get_body((kind,)) for kind in ("html", "plain")]
        sent = "\n".join(str(part.get_content()) for part in bodies if part is not None)
        assert f":{site.server_port}" not in sent
        destinations = [get(url) for url in re.findall(r"http://[\w.:]+/f/[\w/-]+", sent)]
        for destination in destinations:
            get(destination)

        assert f"{host}/frag?x=1#top-part" in destinations
        assert site.asked == [*EXACT, *ENCODED.values(), "/unquoted?a=1", "/upper", *IN_TEXT.values()]
