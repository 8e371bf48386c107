"""The part held out: other seeds and other behaviours. Never change the rules because of what it says."""

from benchmarks.traffic_set.visits import (
    ANDROID,
    APPLE_PROXY,
    CHROME,
    FIREFOX,
    GMAIL_PROXY,
    IPHONE,
    MAC,
    OUTLOOK,
    YAHOO_PROXY,
    Labelled,
    Visitor,
    messages,
)

SEED = 8_121_977


def opens_several_tabs(who: Visitor) -> None:
    at_s, address, agent = who.reading_time(), who.address(), who.browser(FIREFOX, CHROME)
    who.open(at_s, address, agent)
    at_s += who.random.uniform(5, 40)
    for link in who.some_links(3):
        who.click(at_s, link, address, agent)
        at_s += who.random.uniform(0.7, 2)


def leaves_the_house(who: Visitor) -> None:
    at_s, agent = who.reading_time(), who.browser(IPHONE, ANDROID)
    for address in (who.address(), who.address()):
        who.open(at_s, address, agent)
        at_s += who.random.uniform(4, 20)
        who.click(at_s, who.some_links(1)[0], address, agent)
        at_s += who.random.uniform(5, 50)


def double_clicks(who: Visitor) -> None:
    at_s, address, agent = who.reading_time(), who.address(), who.browser(CHROME)
    who.open(at_s, address, agent)
    for link in who.some_links(who.random.randint(1, 2)):
        at_s += who.random.uniform(5, 30)
        for delay_s in (0.0, who.random.uniform(0.1, 0.4)):
            who.click(at_s + delay_s, link, address, agent)


def outlook_allows_images_late(who: Visitor) -> None:
    at_s, address = who.reading_time(), who.address()
    who.click(at_s, who.some_links(1)[0], address, who.browser(CHROME))
    who.open(at_s + who.random.uniform(5, 40), address, who.browser(OUTLOOK))
    who.click(at_s + who.random.uniform(45, 90), who.some_links(1)[0], address, who.browser(CHROME))


def digest_without_images(who: Visitor) -> None:
    at_s, address, agent = who.reading_time(), who.address(), who.browser()
    for link in who.some_links(8):
        who.click(at_s, link, address, agent)
        at_s += who.random.lognormvariate(3, 0.8)


def reads_then_leaves(who: Visitor) -> None:
    at_s, address, agent = who.reading_time(), who.address(), who.browser(MAC, IPHONE)
    who.open(at_s, address, agent)
    who.click(at_s + who.random.uniform(5, 20), who.some_links(1)[0], address, agent)
    who.click(at_s + who.random.uniform(25, 60), who.links, address, agent)


def team_in_one_office(who: Visitor) -> None:
    address = who.address()
    for _ in range(who.random.randint(3, 6)):
        at_s, agent = who.reading_time() / 20, who.browser(FIREFOX, CHROME, MAC)
        who.open(at_s, who.neighbour(address), agent)
        who.click(at_s + who.random.uniform(4, 60), who.some_links(1)[0], who.neighbour(address), agent)


def taps_the_notification(who: Visitor) -> None:
    at_s, address, agent = who.random.uniform(5, 15), who.address(), who.browser(IPHONE)
    who.open(at_s, address, agent)
    who.click(at_s + who.random.uniform(0.8, 3), 1, address, agent)


def gmail_on_a_phone(who: Visitor) -> None:
    at_s, address, agent = who.reading_time(), who.address(), who.browser(ANDROID)
    for _ in range(who.random.randint(1, 3)):
        who.open(at_s, "74.125.210.3", GMAIL_PROXY)
        who.click(at_s + who.random.uniform(2, 30), who.some_links(1)[0], address, agent)
        at_s += who.reading_time()


def apple_mail_behind_the_privacy_proxy(who: Visitor) -> None:
    at_s, address, agent = who.reading_time(), who.address(), who.browser(IPHONE, MAC)
    for link in who.some_links(who.random.randint(1, 3)):
        who.click(at_s, link, address, agent)
        at_s += who.random.uniform(6, 200)


def text_only(who: Visitor) -> None:
    at_s, address = who.reading_time(), who.address()
    who.click(at_s, who.some_links(1)[0], address, "Lynx/2.9.2 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.8.9")


def comes_back_for_days(who: Visitor) -> None:
    at_s, agent = who.reading_time(), who.browser()
    for _ in range(who.random.randint(2, 4)):
        address = who.address()
        who.open(at_s, address, agent)
        who.click(at_s + who.random.uniform(3, 300), who.some_links(1)[0], address, agent)
        at_s += who.random.uniform(3600, 90_000)


def privacy_proxy_some_hours_later(who: Visitor) -> None:
    for _ in range(who.random.randint(1, 3)):
        who.open(who.random.uniform(60, 20_000), f"104.28.{who.random.randint(0, 255)}.9", APPLE_PROXY)


def yahoo_warms_its_cache(who: Visitor) -> None:
    who.open(who.random.uniform(0.3, 4.5), f"98.137.{who.random.randint(0, 255)}.3", YAHOO_PROXY)


def checks_at_the_click(who: Visitor) -> None:
    # One look at one link, just before the person gets there, from a data centre and with a plain agent.
    who.click(who.reading_time(), who.some_links(1)[0], who.address(), who.browser(CHROME))


def two_waves(who: Visitor) -> None:
    at_s = who.random.uniform(1, 20)
    for _ in range(2):
        address, agent = who.address(), who.browser(CHROME, MAC)
        for link in who.all_links():
            at_s += who.random.uniform(0.02, 0.4)
            who.click(at_s, link, address, agent)
        at_s += who.random.uniform(60, 600)


def walks_slowly_through_all_links(who: Visitor) -> None:
    at_s, address, agent = who.random.uniform(10, 120), who.address(), who.browser(CHROME)
    for link in who.all_links():
        who.click(at_s, link, address, agent)
        at_s += who.random.uniform(2, 7)


def detonates_in_a_sandbox(who: Visitor) -> None:
    at_s, address, agent = who.random.uniform(5, 300), who.address(), who.browser(CHROME)
    who.open(at_s, address, agent)
    links = who.all_links()
    who.random.shuffle(links)
    for link in links:
        at_s += who.random.uniform(0.05, 0.6)
        who.click(at_s, link, address, agent)


def one_network_for_each_link(who: Visitor) -> None:
    at_s, agent = who.random.uniform(1, 90), who.browser(CHROME)
    for link in who.all_links():
        who.click(at_s + who.random.uniform(0, 10), link, who.address(), agent)


def one_link_only(who: Visitor) -> None:
    who.click(who.random.uniform(0.5, 12), who.random.randint(1, who.links), who.address(), who.browser(CHROME))


def crawls_the_archive_at_night(who: Visitor) -> None:
    at_s, address, agent = who.random.uniform(30_000, 60_000), who.address(), who.browser(FIREFOX)
    for link in who.all_links():
        who.click(at_s + who.random.uniform(0, 1), link, who.neighbour(address), agent)


def asks_for_headers_of_every_link(who: Visitor) -> None:
    at_s, address, agent = who.random.uniform(1, 30), who.address(), who.browser(FIREFOX)
    for link in who.all_links():
        who.click(at_s, link, address, agent, after_head=True)
        at_s += who.random.uniform(1, 20)


def program_follows_everything(who: Visitor) -> None:
    at_s, address = who.random.uniform(30, 3000), who.address()
    for link in who.all_links():
        who.click(at_s, link, address, who.random.choice(("Python/3.12 aiohttp/3.11", "okhttp/4.12.0")))
        at_s += who.random.uniform(0.01, 3)


def preview_bot(who: Visitor) -> None:
    who.click(
        who.random.uniform(2, 5000), 1, who.address(), "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"
    )


def browser_announces_a_prefetch(who: Visitor) -> None:
    who.click(who.reading_time(), who.some_links(1)[0], who.address(), who.browser(CHROME), prefetch_header=True)


PEOPLE = (
    *(opens_several_tabs, leaves_the_house, double_clicks, outlook_allows_images_late, digest_without_images),
    *(reads_then_leaves, team_in_one_office, taps_the_notification, gmail_on_a_phone),
    *(apple_mail_behind_the_privacy_proxy, text_only, comes_back_for_days),
)
MACHINES = (
    *(privacy_proxy_some_hours_later, yahoo_warms_its_cache, checks_at_the_click, two_waves),
    *(walks_slowly_through_all_links, detonates_in_a_sandbox, one_network_for_each_link, one_link_only),
    *(crawls_the_archive_at_night, asks_for_headers_of_every_link, program_follows_everything, preview_bot),
    *(browser_announces_a_prefetch,),
)


def made() -> list[list[Labelled]]:
    return messages(SEED, 2000, PEOPLE, MACHINES)
