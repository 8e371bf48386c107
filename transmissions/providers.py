"""Mailbox providers by recipient domain (contract 60 §3 `mailbox_provider`): well-known ones, else `Other`."""

OTHER, GLOBAL = "Other", "Global"

_PROVIDERS: dict[tuple[str, str], tuple[str, ...]] = {
    ("Gmail", GLOBAL): ("gmail.com", "googlemail.com"),
    ("Microsoft", GLOBAL): ("outlook.com", "hotmail.com", "live.com", "msn.com", "hotmail.co.uk", "hotmail.fr"),
    ("Yahoo", GLOBAL): (
        "yahoo.com",
        "ymail.com",
        "rocketmail.com",
        "yahoo.co.uk",
        "yahoo.fr",
        "yahoo.de",
        "aol.com",
    ),
    ("Apple", GLOBAL): ("icloud.com", "me.com", "mac.com"),
    ("Proton", GLOBAL): ("proton.me", "protonmail.com", "pm.me"),
    ("Fastmail", GLOBAL): ("fastmail.com", "fastmail.fm"),
    ("Zoho", GLOBAL): ("zoho.com", "zohomail.com"),
    ("Comcast", "North America"): ("comcast.net", "xfinity.com"),
    ("AT&T", "North America"): ("att.net", "sbcglobal.net", "bellsouth.net"),
    ("GMX", "Europe"): ("gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com"),
    ("WEB.DE", "Europe"): ("web.de",),
    ("T-Online", "Europe"): ("t-online.de", "magenta.de"),
    ("Orange", "Europe"): ("orange.fr", "wanadoo.fr"),
    ("La Poste", "Europe"): ("laposte.net",),
    ("Libero", "Europe"): ("libero.it", "virgilio.it"),
    ("BT", "Europe"): ("btinternet.com", "bt.com"),
    ("Mail.ru", "Europe"): ("mail.ru", "bk.ru", "inbox.ru", "list.ru"),
    ("Yandex", "Europe"): ("yandex.ru", "yandex.com", "ya.ru"),
    ("Tencent", "Asia"): ("qq.com", "foxmail.com"),
    ("NetEase", "Asia"): ("163.com", "126.com", "yeah.net"),
    ("Naver", "Asia"): ("naver.com",),
}
_BY_DOMAIN = {domain: provider for provider, domains in _PROVIDERS.items() for domain in domains}


def mailbox_provider(recipient_domain: str) -> tuple[str, str]:
    """Provider and region of a lower-case recipient domain."""
    return _BY_DOMAIN.get(recipient_domain, (OTHER, GLOBAL))
