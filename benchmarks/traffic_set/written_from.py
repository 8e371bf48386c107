"""The part that the rules were written from."""

from benchmarks.traffic_set.visits import (
    ANDROID,
    APPLE_PROXY,
    CHROME,
    FIREFOX,
    GMAIL_PROXY,
    IPHONE,
    MAC,
    YAHOO_PROXY,
    Labelled,
    Visitor,
    messages,
)

SEED = 1


def desk(who: Visitor) -> None:
    at_s, address, agent = who.reading_time(), who.address(), who.browser(FIREFOX, CHROME)
    who.open(at_s, address, agent)
    for link in who.some_links(who.random.randint(0, 3)):
        at_s += who.random.uniform(3, 60)
        who.click(at_s, link, address, agent)


def phone(who: Visitor) -> None:
    at_s, address, agent = who.reading_time(), who.address(), who.browser(IPHONE, ANDROID)
    who.open(at_s, address, agent)
    for link in who.some_links(who.random.randint(0, 2)):
        at_s += who.random.uniform(2, 90)
        who.click(at_s, link, address, who.browser(IPHONE, ANDROID) if who.random.random() < 0.2 else agent)


def webmail_gmail(who: Visitor) -> None:
    at_s, address, agent = who.reading_time(), who.address(), who.browser()
    who.open(at_s, f"66.249.{who.random.randint(80, 95)}.{who.random.randint(1, 254)}", GMAIL_PROXY)
    for link in who.some_links(who.random.randint(0, 3)):
        at_s += who.random.uniform(3, 60)
        who.click(at_s, link, address, agent)


def webmail_yahoo(who: Visitor) -> None:
    at_s, address, agent = who.reading_time(), who.address(), who.browser()
    who.open(at_s, f"98.136.{who.random.randint(0, 255)}.7", YAHOO_PROXY)
    for link in who.some_links(who.random.randint(0, 3)):
        at_s += who.random.uniform(3, 60)
        who.click(at_s, link, address, agent)


def apple_mail(who: Visitor) -> None:
    at_s, address = who.reading_time(), who.address()
    agent = who.browser(MAC)
    who.open(at_s, address, agent)
    for link in who.some_links(who.random.randint(0, 2)):
        at_s += who.random.uniform(3, 60)
        who.click(at_s, link, address, agent)


def images_blocked(who: Visitor) -> None:
    at_s, address, agent = who.reading_time(), who.address(), who.browser()
    for link in who.some_links(who.random.randint(1, 3)):
        who.click(at_s, link, address, agent)
        at_s += who.random.uniform(4, 90)


def two_devices(who: Visitor) -> None:
    phone(who)
    desk(who)


def office_with_one_address(who: Visitor) -> None:
    at_s, address = who.reading_time(), who.address()
    for agent in (who.browser(CHROME), who.browser(FIREFOX)):
        who.open(at_s, address, agent)
        who.click(at_s + who.random.uniform(5, 60), who.some_links(1)[0], address, agent)
        at_s += who.random.uniform(30, 900)


def forwarded(who: Visitor) -> None:
    for _ in range(who.random.randint(2, 5)):
        desk(who)


def clicks_everything(who: Visitor) -> None:
    at_s, address, agent = who.reading_time(), who.address(), who.browser()
    who.open(at_s, address, agent)
    for link in range(1, who.links):
        at_s += who.random.uniform(2, 20)
        who.click(at_s, link, address, agent)


def reads_fast(who: Visitor) -> None:
    at_s, address, agent = who.random.uniform(8, 25), who.address(), who.browser(IPHONE, ANDROID)
    who.open(at_s, address, agent)
    who.click(at_s + who.random.uniform(1, 5), who.some_links(1)[0], address, agent)


def leaves(who: Visitor) -> None:
    at_s, address, agent = who.reading_time(), who.address(), who.browser()
    who.open(at_s, address, agent)
    who.click(at_s + who.random.uniform(3, 20), who.links, address, agent)


def privacy_proxy(who: Visitor) -> None:
    for _ in range(who.random.randint(1, 2)):
        who.open(who.random.uniform(1, 900), f"17.58.{who.random.randint(0, 255)}.9", APPLE_PROXY)


def warms_the_image_cache(who: Visitor) -> None:
    who.open(who.random.uniform(0.5, 4), "66.249.84.1", who.random.choice((GMAIL_PROXY, YAHOO_PROXY)))


def names_itself(who: Visitor) -> None:
    address = who.address()
    agent = who.random.choice(("Barracuda Sentinel (EE)", "Mozilla/5.0 (compatible; Proofpoint URL Defense)"))
    for link in who.all_links():
        who.click(who.random.uniform(1, 8), link, address, agent)


def gateway_at_once(who: Visitor) -> None:
    at_s, address, agent = who.random.uniform(0.8, 30), who.address(), who.browser(CHROME, FIREFOX)
    for link in who.all_links():
        who.click(at_s + who.random.uniform(0, 1.5), link, who.neighbour(address), agent)


def gateway_at_an_even_pace(who: Visitor) -> None:
    at_s, address, agent = who.random.uniform(3, 60), who.address(), who.browser(CHROME)
    pace_s = who.random.uniform(0.6, 4)
    for link in who.all_links():
        who.click(at_s, link, address, agent)
        at_s += pace_s * who.random.uniform(0.95, 1.05)


def gateway_of_many_networks(who: Visitor) -> None:
    at_s, agent = who.random.uniform(1, 60), who.browser(CHROME)
    networks = [who.address() for _ in range(3)]
    for link in who.all_links():
        who.click(at_s + who.random.uniform(0, 4), link, who.random.choice(networks), agent)


def gateway_of_many_agents(who: Visitor) -> None:
    at_s, address = who.random.uniform(1, 60), who.address()
    for link in who.all_links():
        who.click(
            at_s, link, address, who.random.choice((FIREFOX, CHROME, MAC)).format(v=who.random.randint(90, 120))
        )
        at_s += who.random.uniform(0.1, 3)


def asks_for_headers_first(who: Visitor) -> None:
    at_s, address, agent = who.random.uniform(1, 600), who.address(), who.browser(CHROME)
    for link in who.some_links(who.random.randint(1, 4)):
        who.click(at_s, link, address, agent, after_head=True)
        at_s += who.random.uniform(0.2, 10)


def checks_links(who: Visitor) -> None:
    at_s, address = who.random.uniform(1, 3600), who.address()
    for link in who.all_links():
        who.click(at_s, link, address, "python-requests/2.32.3")
        at_s += who.random.uniform(0.05, 1)


def without_a_screen(who: Visitor) -> None:
    at_s, address = who.random.uniform(1, 60), who.address()
    agent = CHROME.format(v=140).replace("Chrome/", "HeadlessChrome/")
    who.open(at_s, address, agent)
    who.click(at_s + 1, who.links, address, agent)


PEOPLE = (
    *(desk, phone, webmail_gmail, webmail_yahoo, apple_mail, images_blocked, two_devices, office_with_one_address),
    *(forwarded, clicks_everything, reads_fast, leaves),
)
MACHINES = (
    *(privacy_proxy, warms_the_image_cache, names_itself, gateway_at_once, gateway_at_an_even_pace),
    *(gateway_of_many_networks, gateway_of_many_agents, asks_for_headers_first, checks_links, without_a_screen),
)


def made() -> list[list[Labelled]]:
    return messages(SEED, 2000, PEOPLE, MACHINES)
