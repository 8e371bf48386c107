"""Making one tracked message: 10 KB of html, 2 KB of text, 10 links, 8 variables, one core.

Beside it the ways a Python developer would pick: Jinja2 or Django templates, the standard library's or Django's
message, and `pytracking`, whose links anyone can read and change; ours are encrypted and cannot be forged.
Rounds are interleaved, so that a machine that drifts drifts for all.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django
import jinja2
import pytracking
import pytracking.html
from django.conf import settings

from tracking import keys
from tracking.options import Configuration
from tracking.tokens import Sealer
from transmissions.generation import Generated, Prepared, prepare
from transmissions.values import Content, Job, Mailbox, Recipient

ROUNDS = 7
SECONDS_PER_TURN = 0.6
GOALS = {"Jinja2 + email.message + pytracking": 40, "Django templates + EmailMultiAlternatives + pytracking": 20}

Make = Callable[[int, dict[str, str]], object]

VARIABLES = ("first_name", "city", "plan", "points", "expires", "product", "agent", "code")
SENTENCE = "The harbour fills with boats of every kind while the market opens its stalls along the quay. "
STYLE = "font-family:Helvetica,Arial,sans-serif;font-size:14px;line-height:21px;color:#333333;margin:0 0 12px 0"


def html_source(variable: Callable[[str], str]) -> str:
    """About 10 KB with 8 links and each variable once; `variable` spells an expression."""
    rows = []
    for index, name in enumerate(VARIABLES):
        rows.append(
            f'<tr><td style="padding:8px 24px"><h2 style="{STYLE}">Offer {index} for {variable(name)}</h2>\n'
            f'<p style="{STYLE}">{SENTENCE * 7}</p>\n'
            f'<a href="https://shop.example.com/offers/{index}?source=letter&amp;row={index}" '
            f'style="{STYLE}">See offer {index}</a></td></tr>\n'
        )
    return (
        '<html><head><meta charset="utf-8"><title>Letter</title></head>\n<body bgcolor="#ffffff">'
        f'<table width="600">\n{"".join(rows)}</table>\n</body></html>\n'
    )


def text_source(variable: Callable[[str], str], link: Callable[[str], str]) -> str:
    """About 2 KB with 2 links and each variable once."""
    lines = [f"For {variable(name)}: {SENTENCE * 2}\n" for name in VARIABLES]
    links = [f"{link(f'https://shop.example.com/text/{index}')}\n" for index in range(2)]
    return "".join(lines + links)


def recipients() -> Iterator[tuple[int, dict[str, str]]]:
    for number in count(1):
        yield number, {name: f"{name} {number}" for name in VARIABLES}


def of_momentum(home: Path) -> Make:
    job = Job(
        transmission_id=7264018835521937410,
        campaign_id="spring",
        content=Content(
            sender=Mailbox("news@mail.example.com", "Example News"),
            subject="News for {{first_name}}",
            text=text_source("{{{{{}}}}}".format, str),
            html=html_source("{{{{{}}}}}".format),
        ),
        return_path="bounce@mail.example.com",
    )
    sealer = Sealer(keys.load(home, ""))
    prepared = prepare(job, Configuration(engagement_tracking_host="track.example.com"), sealer)
    assert isinstance(prepared, Prepared)

    def make(number: int, data: dict[str, str]) -> bytes:
        recipient = Recipient(
            email=f"reader{number}@example.net",
            name=data["first_name"],
            metadata={"user": f"u-{number}"},
            substitution_data=data,
        )
        message = prepared.message(recipient, number, 1_790_000_000, 1_790_000_000)
        assert isinstance(message, Generated)
        return message.data

    return make


def of_jinja2() -> Make:
    environment = jinja2.Environment(autoescape=True)
    html = environment.from_string(html_source("{{{{ {} }}}}".format))
    text = jinja2.Environment().from_string(
        text_source("{{{{ {} }}}}".format, lambda url: f"{{{{ link('{url}') }}}}")
    )
    configuration = pytracking_configuration()

    def make(number: int, data: dict[str, str]) -> bytes:
        metadata = message_metadata(number)
        message = EmailMessage()
        message["From"] = "Example News <news@mail.example.com>"
        message["To"] = f"{data['first_name']} <reader{number}@example.net>"
        message["Subject"] = f"News for {data['first_name']}"
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain="mail.example.com")
        message.set_content(text.render(data, link=linker(metadata, configuration)))
        tracked = pytracking.html.adapt_html(html.render(data), metadata, configuration=configuration)
        message.add_alternative(tracked, subtype="html")
        return message.as_bytes()

    return make


def of_django() -> Make:
    if not settings.configured:
        settings.configure(TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}])
        django.setup()
    # Only importable once settings are there.
    from django.core.mail import EmailMultiAlternatives
    from django.template import engines

    engine = engines["django"]
    html = engine.from_string(html_source("{{{{ {} }}}}".format))
    links: list[str] = []
    text = engine.from_string(
        text_source("{{{{ {} }}}}".format, lambda url: links.append(url) or f"{{{{ links.{len(links) - 1} }}}}")
    )
    configuration = pytracking_configuration()

    def make(number: int, data: dict[str, str]) -> bytes:
        metadata = message_metadata(number)
        link = linker(metadata, configuration)
        message = EmailMultiAlternatives(
            f"News for {data['first_name']}",
            text.render({**data, "links": [link(url) for url in links]}),
            "Example News <news@mail.example.com>",
            [f"{data['first_name']} <reader{number}@example.net>"],
        )
        tracked = pytracking.html.adapt_html(html.render(data), metadata, configuration=configuration)
        message.attach_alternative(tracked, "text/html")
        return message.message().as_bytes()

    return make


def pytracking_configuration() -> Any:
    return pytracking.Configuration(
        base_open_tracking_url="https://track.example.com/q/",
        base_click_tracking_url="https://track.example.com/f/",
    )


def message_metadata(number: int) -> dict[str, Any]:
    return {
        "transmission": "7264018835521937410",
        "campaign": "spring",
        "message": number,
        "rcpt_to": f"reader{number}@example.net",
        "user": f"u-{number}",
    }


def linker(metadata: dict[str, Any], configuration: Any) -> Callable[[str], str]:
    return lambda url: pytracking.get_click_tracking_url(url, metadata, configuration=configuration)


def rate(make: Make, people: Iterator[tuple[int, dict[str, str]]]) -> float:
    """Messages per second of processor time over one turn: what else runs on the machine does not count."""
    made = 0
    start = time.process_time()
    while (elapsed := time.process_time() - start) < SECONDS_PER_TURN:
        for _ in range(10):
            make(*next(people))
        made += 10
    return made / elapsed


def main() -> None:
    with TemporaryDirectory() as home:
        contestants: dict[str, Make] = {
            "Momentum": of_momentum(Path(home)),
            "Jinja2 + email.message + pytracking": of_jinja2(),
            "Django templates + EmailMultiAlternatives + pytracking": of_django(),
        }
        people = recipients()
        for name, make in contestants.items():
            number, data = next(people)
            print(f"{name}: a message of {len(make(number, data)):,} bytes")  # type: ignore[arg-type]
        rates: dict[str, list[float]] = {name: [] for name in contestants}
        for _ in range(ROUNDS):
            for name, make in contestants.items():
                rates[name].append(rate(make, people))
    for name in contestants:
        print(f"{name:60} {statistics.median(rates[name]):10,.0f} messages/s")
    for name, goal in GOALS.items():
        ratio = statistics.median(
            ours / theirs for ours, theirs in zip(rates["Momentum"], rates[name], strict=True)
        )
        print(f"Momentum is {ratio:5.1f} times {name} (goal: {goal})")
