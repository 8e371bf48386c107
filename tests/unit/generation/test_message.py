"""One tracked message (contract 50 §12), and what differs from copy to copy (50 §13, 10 §15)."""

import base64
import re

import pytest

from momentum.lib import ids
from tests.unit.generation.builders import (
    BLOCK_TIME,
    HOST,
    NUMBER,
    SENT_AT,
    attempt,
    body,
    generate,
    make_configuration,
    make_content,
    make_job,
    make_recipient,
    opened,
    prepared,
    read,
    tracked_urls,
)
from tracking.tokens import Kind
from transmissions.generation import GenerationFailure
from transmissions.generation.tracking import Tracking
from transmissions.values import Attachment, Override, TrackingFlags

HTML = '<html><body><p>Hi</p><a href="https://shop.test/x" data-msys-linkname="more">more</a></body></html>'
CONTENT = make_content(html=HTML, text="Hi https://shop.test/x")


def test_the_check_list(keyring):
    message = generate(keyring, make_job(CONTENT, campaign_id="spring"))
    html, text = body(message, "html"), body(message, "plain")
    top, click, bottom = tracked_urls(html)
    assert re.fullmatch(
        r'<html><body><img border="0" width="1" height="1" alt="" src="http://track\.example\.org:81/q/[\w-]+/[\w-]+"'
        r' style="[^"<>]+"><p>Hi</p><a href="http://track\.example\.org:81/f/[\w-]+/[\w-]+">more</a>'
        r'<img border="0" width="1" height="1" alt="" src="http://track\.example\.org:81/q/[\w-]+/[\w-]+"></body></html>',
        html,
    )
    assert opened(keyring, top)[1].kind is Kind.INITIAL_OPEN
    assert opened(keyring, bottom)[1].kind is Kind.OPEN
    of_message, link = opened(keyring, click)
    assert (link.kind, link.url, link.name, link.part, link.position) == (
        *(Kind.CLICK, "https://shop.test/x", "more", "html", 1),
    )
    assert (link.campaign_id, link.sending_domain, link.message) == ("spring", "mail.example.org", 0)
    assert (of_message.message, of_message.block_time, of_message.sent_at) == (NUMBER, BLOCK_TIME, SENT_AT)
    assert (of_message.rcpt_to, of_message.sent_with) == ("ines@example.net", 7)

    (in_text,) = tracked_urls(text)
    assert text == f"Hi {in_text}"
    assert opened(keyring, in_text)[1].name == ""
    assert opened(keyring, in_text)[1].label == "https://shop.test/x"
    assert opened(keyring, in_text)[1].part == "text"


def test_what_is_known_of_a_message(keyring):
    job = make_job(CONTENT, metadata={"issue": 12, "uid": "x"}, return_path="bounce@mail.example.org")
    message = generate(keyring, job, make_recipient("Ines@Example.net", metadata={"uid": "u-7"}))
    assert (message.number, message.envelope_from, message.envelope_to) == (
        *(NUMBER, "bounce@mail.example.org", "Ines@Example.net"),
    )
    assert (message.subject, message.friendly_from, message.sending_domain) == (
        *("Hi", "news@mail.example.org", "mail.example.org"),
    )
    assert list(message.rcpt_meta.items()) == [("uid", "u-7"), ("issue", 12)]
    assert message.flags == Tracking(open=True, click=True, initial_open=True, amp=False)
    assert not message.is_8bit
    assert not message.smtputf8
    assert message.data.endswith(b"\r\n")


def test_a_retry_makes_the_same_bytes(keyring):
    job = make_job(
        make_content(html='<a href="https://shop.test/{{uid}}">x</a>', text="{{uid}} https://shop.test/{{uid}}"),
        metadata={"uid": "u"},
    )
    recipient = make_recipient(tags=("a", "b"), metadata={"k": 1})
    assert generate(keyring, job, recipient) == generate(keyring, job, recipient)


def test_the_message_id_is_stable_and_of_the_sending_domain(keyring):
    message = read(generate(keyring, make_job()))
    assert message["Message-ID"] == f"<{ids.message_id(NUMBER, BLOCK_TIME)}@mail.example.org>"
    assert message["Date"].datetime.timestamp() == SENT_AT


def test_a_computed_destination_is_bound_to_its_message(keyring):
    job = make_job(make_content(html='<a href="https://shop.test/{{u}}?x={{u}}">x</a>', text=None))
    message = generate(keyring, job, make_recipient(substitution_data={"u": "a b"}))
    (click,) = tracked_urls(body(message, "html"), "f")
    link = opened(keyring, click)[1]
    assert (link.url, link.message) == ("https://shop.test/a%20b?x=a%20b", NUMBER)
    assert link.label == "https://shop.test/{{u}}"


def test_every_copy_has_its_own_links(keyring):
    made = prepared(keyring, make_job(CONTENT))
    first, second = (
        made.message(make_recipient("same@example.net"), number, BLOCK_TIME, SENT_AT) for number in (1, 2)
    )
    assert not {*tracked_urls(body(first, "html"))} & {*tracked_urls(body(second, "html"))}
    (one,) = tracked_urls(body(first, "html"), "f")
    assert opened(keyring, one)[0].message == 1


@pytest.mark.parametrize(
    "html, expected",
    [
        ("<p>x</p>", "<p>x</p>$"),
        (
            "<html><BODY bgcolor='#fff'>x</body>y</body></html>",
            "<html><BODY bgcolor='#fff'>^x</body>y$</body></html>",
        ),
        ("<html><body>x<!-- </body> --></html>", "<html><body>^x<!-- </body> -->$</html>"),
        ("<body>x", "<body>x$"),
        ("{{if on}}<html><body>{{end}}x{{if on}}</body></html>{{end}}", "<html><body>^x$</body></html>"),
        ("{{if on}}<html><body>{{else}}<p>{{end}}x", "<html><body>^x$"),
        ("{{{raw}}}", "<html><body class='a'>^r$</body></html>"),
        ("<html>{{{start}}}x</html>", "<html><body>^x$</html>"),
        ("{{if off}}x{{end}}", "$"),
    ],
)
def test_places_of_the_pixels(keyring, html, expected):
    data = {"on": True, "raw": "<html><body class='a'>r</body></html>", "start": "<body>"}
    message = generate(keyring, make_job(make_content(html=html), substitution_data=data))
    got = body(message, "html")
    got = re.sub(r'<img border="0"[^>]*style="[^>]*>', "^", got)
    assert re.sub(r'<img border="0"[^>]*>', "$", got) == expected


@pytest.mark.parametrize(
    "flags, kinds",
    [
        (TrackingFlags(open_tracking=False, initial_open=True, click_tracking=False), [Kind.INITIAL_OPEN]),
        (TrackingFlags(open_tracking=True, initial_open=False, click_tracking=False), [Kind.OPEN]),
        (TrackingFlags(open_tracking=False, click_tracking=True), [Kind.CLICK]),
        (TrackingFlags(open_tracking=False, click_tracking=False), []),
    ],
)
def test_flags_of_one_recipient(keyring, flags, kinds):
    made = prepared(keyring, make_job(CONTENT))
    message = made.message(make_recipient(options=flags), NUMBER, BLOCK_TIME, SENT_AT)
    assert [opened(keyring, url)[1].kind for url in tracked_urls(body(message, "html"))] == kinds
    other = made.message(make_recipient(), NUMBER + 1, BLOCK_TIME, SENT_AT)
    assert len(tracked_urls(body(other, "html"))) == 3


def test_a_recipient_who_declined_is_not_tracked_whatever_the_levels_say(keyring):
    on = TrackingFlags(open_tracking=True, click_tracking=True, initial_open=True)
    made = prepared(keyring, make_job(CONTENT, flags=on, template_flags=on))
    message = made.message(make_recipient(options=on, tracking_declined=True), NUMBER, BLOCK_TIME, SENT_AT)
    assert body(message, "html") == HTML.replace(' data-msys-linkname="more"', "")
    assert message.flags == Tracking()
    other = made.message(make_recipient(options=on), NUMBER + 1, BLOCK_TIME, SENT_AT)
    assert len(tracked_urls(body(other, "html"))) == 3


def test_attributes_disappear_whether_or_not_clicks_are_tracked(keyring):
    content = make_content(html=HTML, text='https://shop.test/x[[data-msys-linkname="n"]] end')
    message = generate(keyring, make_job(content, flags=TrackingFlags(click_tracking=False, open_tracking=False)))
    assert body(message, "html") == HTML.replace(' data-msys-linkname="more"', "")
    assert body(message, "plain") == "https://shop.test/x end"


def test_without_a_tracking_host_nothing_is_tracked(keyring):
    configuration = make_configuration(engagement_tracking_host="")
    message = generate(keyring, make_job(CONTENT), configuration=configuration)
    assert body(message, "html") == HTML.replace(' data-msys-linkname="more"', "")
    assert message.flags == Tracking()
    assert "List-Unsubscribe" not in read(message)


@pytest.mark.parametrize(
    "href",
    ["http://", "http:///x", f"http://{HOST}/f/a/b", f"https://{HOST}/q/x/y", "https://shop.test/" + "x" * 4096],
)
def test_links_that_are_left_alone(keyring, href):
    html = f'<a href="{href}">x</a>'
    job = make_job(make_content(html=html), flags=TrackingFlags(open_tracking=False))
    assert body(generate(keyring, job), "html") == html


def test_a_destination_cannot_hold_line_breaks(keyring):
    content = make_content(html='<a href="https://shop.test/{{{u}}}">x</a>', text="https://shop.test/{{{u}}} end")
    message = generate(keyring, make_job(content, substitution_data={"u": "a\r\nX: 1 é"}))
    for subtype in ("html", "plain"):
        for url in tracked_urls(body(message, subtype), "f"):
            target = opened(keyring, url)[1].url
            assert target.isascii()
            assert target.isprintable()
            assert " " not in target


def test_sub_paths_names_and_unsubscribe_links(keyring):
    html = (
        '<a href="https://shop.test/a" data-msys-sublink="/app/open/">a</a>'
        '<a href="https://shop.test/b" data-msys-unsubscribe="1">b</a>'
        '<a href="https://shop.test/c" data-msys-clicktrack="0">c</a>'
        '<a href="https://shop.test/d" data-msys-linkname="for {{who}}">d</a>'
        '<a href="https://shop.test/?a=1&amp;b=2">e</a>'
    )
    job = make_job(make_content(html=html), flags=TrackingFlags(open_tracking=False))
    message = generate(keyring, job, make_recipient(substitution_data={"who": "Zoë"}))
    urls = tracked_urls(body(message, "html"))
    links = [opened(keyring, url)[1] for url in urls]
    assert urls[0].startswith(f"http://{HOST}/f/app/open/")
    assert [link.url for link in links] == [
        *("https://shop.test/a", "https://shop.test/b", "https://shop.test/d", "https://shop.test/?a=1&b=2"),
    ]
    assert [link.unsubscribe for link in links] == [False, True, False, False]
    assert (links[2].name, links[2].label, links[2].message) == ("for Zoë", "for Zoë", NUMBER)
    assert 'href="https://shop.test/c">c' in body(message, "html")


@pytest.mark.parametrize("name, expected", [("n" * 70, "n" * 63), ("é" * 40, "é" * 31)])
def test_names_are_cut_to_63_bytes(keyring, name, expected):
    for written in (name, "{{n}}"):
        html = f'<a href="https://shop.test/" data-msys-linkname="{written}">x</a>'
        message = generate(keyring, make_job(make_content(html=html), substitution_data={"n": name}))
        (url,) = tracked_urls(body(message, "html"), "f")
        assert opened(keyring, url)[1].name == expected


def test_loops_make_one_link_each_time(keyring):
    content = make_content(text="{{each l}}\nhttps://shop.test/{{loop_var}}\n{{end}}")
    message = generate(keyring, make_job(content, substitution_data={"l": [1, 2]}))
    urls = tracked_urls(body(message, "plain"))
    assert [opened(keyring, url)[1].url for url in urls] == ["https://shop.test/1", "https://shop.test/2"]


def test_links_in_dynamic_content(keyring):
    data = {
        "dynamic_html": {"c": '<a href="https://shop.test/{{k}}">x</a><a href="https://shop.test/fix">y</a>'},
        "k": "é",
    }
    content = make_content(html="{{ render_dynamic_content(dynamic_html.c) }}")
    message = generate(keyring, make_job(content, substitution_data=data))
    links = [opened(keyring, url)[1] for url in tracked_urls(body(message, "html"), "f")]
    assert [link.url for link in links] == ["https://shop.test/%C3%A9", "https://shop.test/fix"]


class TestMetadata:
    METADATA = {"issue": 12, "long": "x" * 100}

    def urls(self, keyring, **options):
        job = make_job(CONTENT, metadata=self.METADATA)
        message = generate(keyring, job, configuration=make_configuration(**options))
        html = body(message, "html")
        assert message.rcpt_meta == self.METADATA
        return [opened(keyring, tracked_urls(html, kind)[0])[0].metadata for kind in "qf"]

    def test_in_opens_and_clicks(self, keyring):
        assert self.urls(keyring) == [self.METADATA, self.METADATA]

    def test_only_in_opens(self, keyring):
        assert self.urls(keyring, click_tracking_include_metadata=False) == [self.METADATA, {}]

    def test_cut(self, keyring):
        assert self.urls(keyring, max_metadata_len=50) == [{"issue": 12}, {"issue": 12}]

    def test_none(self, keyring):
        assert self.urls(keyring, max_metadata_len=0) == [{}, {}]


def test_tags_and_addresses_round_trip(keyring):
    recipient = make_recipient("josé+a@example.net", tags=tuple("abcdefghijkl"))
    message = generate(keyring, make_job(CONTENT), recipient)
    assert message.smtputf8
    of_message = opened(keyring, tracked_urls(message_html := body_utf8(message), "f")[0])[0]
    assert message_html
    assert (of_message.rcpt_to, of_message.tags) == ("josé+a@example.net", tuple("abcdefghij"))


def body_utf8(generated):
    from email import policy
    from email.parser import BytesParser

    message = BytesParser(policy=policy.SMTPUTF8).parsebytes(generated.data)
    return message.get_body(("html",)).get_content()


class TestSchemes:
    def test_each_has_its_own(self, keyring):
        configuration = make_configuration(
            click_tracking_scheme="https", open_tracking_scheme="http", engagement_tracking_host="t.example.org:443"
        )
        html = body(generate(keyring, make_job(CONTENT), configuration=configuration), "html")
        assert len(re.findall(r"http://t\.example\.org:443/q/", html)) == 2
        assert len(re.findall(r"https://t\.example\.org/f/", html)) == 1

    AMP = '<!doctype html><html ⚡4email><body>x<a href="https://shop.test/">y</a></body></html>'

    @pytest.mark.parametrize("scheme, pixels", [("https", 2), ("http", 0)])
    def test_amp_pixels_need_https(self, keyring, scheme, pixels):
        configuration = make_configuration(open_tracking_scheme=scheme)
        message = generate(keyring, make_job(make_content(amp_html=self.AMP)), configuration=configuration)
        amp = body(message, "x-amp-html")
        assert message.flags.amp
        assert amp.count("<amp-img") == pixels
        kinds = [opened(keyring, url)[1].kind for url in tracked_urls(amp)]
        click = [Kind.AMP_CLICK]
        assert kinds == ([Kind.AMP_INITIAL_OPEN, *click, Kind.AMP_OPEN] if pixels else click)
        assert opened(keyring, tracked_urls(amp)[0])[0].sent_with & 8


class TestUnsubscribe:
    def test_one_click_on_non_transactional_mail(self, keyring):
        message = read(generate(keyring, make_job(CONTENT)))
        (url,) = re.fullmatch(
            r"<(http://track\.example\.org:81/u/[\w-]+/[\w-]+)>", message["List-Unsubscribe"]
        ).groups()
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        of_message, link = opened(keyring, url)
        assert (link.kind, of_message.message) == (Kind.LIST_UNSUBSCRIBE, NUMBER)

    def test_not_on_transactional_mail(self, keyring):
        message = read(generate(keyring, make_job(CONTENT, transactional=True)))
        assert "List-Unsubscribe" not in message
        assert "List-Unsubscribe-Post" not in message

    def test_unless_the_account_wants_it(self, keyring):
        configuration = make_configuration(transactional_unsub=True)
        message = read(generate(keyring, make_job(CONTENT, transactional=True), configuration=configuration))
        assert "List-Unsubscribe" in message

    def test_the_callers_own_is_kept_on_transactional_mail_only(self, keyring):
        content = make_content(headers={"List-Unsubscribe": "<mailto:out@mail.example.org>"})
        own = read(generate(keyring, make_job(content, transactional=True)))
        assert own["List-Unsubscribe"] == "<mailto:out@mail.example.org>"
        assert "mailto" not in read(generate(keyring, make_job(content)))["List-Unsubscribe"]

    def test_a_configured_address_stands_first(self, keyring):
        message = read(generate(keyring, make_job(CONTENT), unsubscribe_mailto="out@mail.example.org"))
        assert message["List-Unsubscribe"].startswith("<mailto:out@mail.example.org>, <http://")

    def test_without_any_tracking_it_still_stands(self, keyring):
        flags = TrackingFlags(open_tracking=False, click_tracking=False)
        message = read(generate(keyring, make_job(CONTENT, flags=flags)))
        assert "/u/" in message["List-Unsubscribe"]

    def test_it_never_grows_beyond_what_a_line_holds(self, keyring):
        configuration = make_configuration(max_metadata_len=2000)
        message = generate(keyring, make_job(CONTENT, metadata={"k": "x" * 1900}), configuration=configuration)
        (url,) = tracked_urls(read(message)["List-Unsubscribe"], "u")
        assert opened(keyring, url)[0].metadata == {}
        short = generate(keyring, make_job(CONTENT, metadata={"k": "v"}), configuration=configuration)
        (url,) = tracked_urls(read(short)["List-Unsubscribe"], "u")
        assert opened(keyring, url)[0].metadata == {"k": "v"}


class TestFailures:
    def test_a_render_fault_is_a_value(self, keyring):
        content = make_content(html="<p>\n{{ 1 / z }}</p>")
        failure = attempt(keyring, make_job(content), make_recipient(substitution_data={"z": 0}))
        assert isinstance(failure, GenerationFailure)
        assert failure.number == NUMBER
        assert failure.reason.startswith("554 5.3.3 [internal] Error while rendering part html: line 2: ")

    def test_it_does_not_stop_the_others(self, keyring):
        made = prepared(keyring, make_job(make_content(text="{{ 1 / z }}")))
        assert isinstance(
            made.message(make_recipient(substitution_data={"z": 0}), 1, BLOCK_TIME, SENT_AT), GenerationFailure
        )
        good = made.message(make_recipient(substitution_data={"z": 4}), 2, BLOCK_TIME, SENT_AT)
        assert body(good, "plain").strip() == "0.25"

    @pytest.mark.parametrize("sender", ["", "nobody", "a@b.test, c@d.test", "a@b.test\r\nBcc: x@y.test"])
    def test_a_bad_substituted_from(self, keyring, sender):
        content = make_content(sender=make_content().sender.__class__("{{sender}}"))
        failure = attempt(keyring, make_job(content), make_recipient(substitution_data={"sender": sender}))
        assert isinstance(failure, GenerationFailure)
        assert failure.reason.startswith("554 5.3.3 [internal] Invalid From address: ")
        assert "\r" not in failure.reason

    def test_a_bad_return_path(self, keyring):
        job = make_job(return_path="{{x}}@mail.example.org")
        failure = attempt(keyring, job, make_recipient(substitution_data={"x": "a b"}))
        assert isinstance(failure, GenerationFailure)


class TestEnvelope:
    def test_verp(self, keyring):
        job = make_job(make_content(text="{{env_from}} {{return_path}}"), return_path="b+{{uid}}@mail.example.org")
        message = generate(keyring, job, make_recipient(metadata={"uid": 7}))
        assert message.envelope_from == "b+7@mail.example.org"
        assert body(message, "plain").strip() == "b+7@mail.example.org b+7@mail.example.org"

    def test_the_recipients_own_wins(self, keyring):
        job = make_job(return_path="b@mail.example.org")
        assert generate(keyring, job, make_recipient(return_path="own@c.test")).envelope_from == "own@c.test"

    def test_the_configured_address_then_from(self, keyring):
        assert generate(keyring, make_job(), bounce_address="mailer@c.test").envelope_from == "mailer@c.test"
        assert generate(keyring, make_job()).envelope_from == "news@mail.example.org"


def test_data_of_the_recipient_is_in_scope(keyring):
    content = make_content(
        text="{{email}} {{address.name}} {{address.email}} {{address.city}} {{a}} {{b}} {{c}} {{d}}"
    )
    job = make_job(content, substitution_data={"a": 1, "b": 2}, metadata={"b": 3, "c": 3, "d": 4})
    recipient = make_recipient(
        name="Ines", substitution_data={"address": {"city": "Faro", "name": "no"}, "a": 0}, metadata={"c": 33}
    )
    assert body(generate(keyring, job, recipient), "plain").strip() == (
        "ines@example.net Ines ines@example.net Faro 0 2 33 4"
    )


def test_snippets(keyring):
    snippets = {"foot": {"html": '<hr>{{y}} <a href="https://shop.test/s">s</a>', "text": "(c) {{y}}"}}
    call = '{{ render_snippet("foot") }}'
    job = make_job(make_content(html=call, text=call), substitution_data={"y": 2031})
    message = generate(keyring, job, find_snippet=snippets.get)
    assert body(message, "plain") == "(c) 2031"
    assert body(message, "html").startswith("<hr>2031 <a href=")
    assert len(tracked_urls(body(message, "html"), "f")) == 1
    failure = attempt(
        keyring, make_job(make_content(text='{{ render_snippet("nope") }}')), find_snippet=snippets.get
    )
    assert isinstance(failure, GenerationFailure)


def test_substitutions_switched_off(keyring):
    html = '<p>{{who}}</p><a href="https://shop.test/{{who}}" data-msys-linkname="n">x</a>'
    content = make_content(subject="Hi {{who}}", html=html, text="{{who}} {{ broken", headers={"X-W": "{{who}}"})
    job = make_job(content, substitution_data={"who": "Ana"}, perform_substitutions=False)
    generated = generate(keyring, job)
    assert (generated.subject, read(generated)["X-W"]) == ("Hi Ana", "Ana")
    assert body(generated, "plain") == "{{who}} {{ broken"
    (url,) = tracked_urls(body(generated, "html"), "f")
    assert body(generated, "html").startswith(f'<p>{{{{who}}}}</p><a href="{url}">x</a>')
    assert opened(keyring, url)[1].url == "https://shop.test/{{who}}"


def test_attachments_and_images(keyring):
    attachment = Attachment("n.txt", "text/plain", base64.b64encode(b"hello {{x}}").decode())
    image = Attachment("logo", "image/png", base64.b64encode(b"png").decode())
    content = make_content(html='<img src="cid:logo">', attachments=(attachment,), inline_images=(image,))
    message = read(generate(keyring, make_job(content)))
    assert [part.get_content_type() for part in message.walk()] == [
        *("multipart/mixed", "multipart/related", "multipart/alternative", "text/plain", "text/html"),
        *("image/png", "text/plain"),
    ]
    (attached,) = message.iter_attachments()
    assert attached.get_payload(decode=True) == b"hello {{x}}"


def test_overrides(keyring):
    override = Override(sender=None, reply_to="Zoë <z@c.test>, q@c.test", list_id="<weekly.mail.example.org>")
    content = make_content(headers={"List-ID": "<old.example.org>"}, reply_to="old@c.test")
    message = read(generate(keyring, make_job(content, override=override)))
    assert message.get_all("List-Id") == ["<weekly.mail.example.org>"]
    assert message["Reply-To"] == "Zoë <z@c.test>, q@c.test"
