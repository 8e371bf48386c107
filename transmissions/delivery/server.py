"""The relay as SMTP_URL names it."""

import ssl
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

Encryption = Literal["off", "auto", "starttls", "implicit"]
_OPTIONS = ("tls", "verify", "ca", "connections", "messages", "name")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class RelayUrlError(ValueError):
    """SMTP_URL cannot be used; the message names the variable and never the password."""

    def __init__(self, what: str) -> None:
        super().__init__(f"SMTP_URL: {what}")


@dataclass(frozen=True)
class Server:
    """Where mail goes and how.

    `encryption`: "off"; "auto", STARTTLS where offered, whoever answers; "starttls", required; "implicit", TLS
    from the first byte. `verify` checks the certificate against `ca`, a PEM file, or the system's authorities.
    `name` is what EHLO says, "" for the local address as a literal (RFC 5321 §4.1.3).
    """

    host: str
    port: int = 25
    encryption: Encryption = "off"
    verify: bool = True
    ca: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    connections: int = 10
    messages_per_connection: int = 500
    name: str = ""

    def tls_context(self) -> ssl.SSLContext:
        """The context for this server; raises RelayUrlError when the CA file cannot be read."""
        try:
            context = ssl.create_default_context(cafile=self.ca or None)
        except (OSError, ssl.SSLError) as problem:
            what = problem.strerror or "not a PEM file of certificates"
            raise RelayUrlError(f"ca={self.ca}: {what}") from problem
        if not self.verify or self.encryption == "auto":
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def from_url(url: str) -> Server:
    """Read `smtp://user:password@host:port/?option=value`; raises RelayUrlError.

    `smtps://` is TLS from the first byte (port 465). Options: `tls` = off, auto, starttls; `verify=off`;
    `ca=FILE`; `connections` (10); `messages`, the most that go over one connection (500: Exim's own limit is
    1,000); `name` for EHLO. Without `tls`, a login requires STARTTLS so that no password travels in clear, mail
    without login uses it where it is offered, and loopback needs none.
    """
    parts, port = _split(url)
    options = _options(parts.query)
    host = parts.hostname or ""
    user = unquote(parts.username or "")
    encryption = _encryption(parts.scheme, options.get("tls", ""), host, bool(user))
    server = Server(
        host=host,
        port=port or (465 if encryption == "implicit" else 25),
        encryption=encryption,
        verify=_switch("verify", options.get("verify", "on")),
        ca=options.get("ca", ""),
        user=user,
        password=unquote(parts.password or ""),
        connections=_count("connections", options.get("connections", "10"), 100),
        messages_per_connection=_count("messages", options.get("messages", "500"), 1_000_000),
        name=_name(options.get("name", "")),
    )
    server.tls_context()
    return server


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as problem:
        # urlsplit quotes what it could not read, which may hold the password.
        raise RelayUrlError("host or port cannot be read; expected smtp://user:password@host:port") from problem
    if parts.scheme not in ("smtp", "smtps"):
        raise RelayUrlError("expected smtp://host:port or smtps://host:port")
    if not parts.hostname:
        raise RelayUrlError("no host; expected smtp://host:port")
    if parts.path not in ("", "/") or parts.fragment:
        raise RelayUrlError("a path means nothing here (a '/', '?' or '#' in a password is written %2F, %3F, %23)")
    if parts.password and not parts.username:
        raise RelayUrlError("a password without a user")
    return parts, port


def _options(query: str) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    for unknown in options.keys() - set(_OPTIONS):
        raise RelayUrlError(f"no option {unknown!r}; there are {', '.join(_OPTIONS)}")
    return options


def _encryption(scheme: str, tls: str, host: str, has_login: bool) -> Encryption:
    if scheme == "smtps":
        if tls:
            raise RelayUrlError("tls= does not go with smtps://, which is encrypted from the first byte")
        return "implicit"
    match tls:
        case "off" | "auto" | "starttls":
            return tls
        case "":
            if host in _LOOPBACK:
                return "off"
            return "starttls" if has_login else "auto"
        case _:
            raise RelayUrlError(f"tls={tls}: expected starttls, auto or off")


def _switch(option: str, value: str) -> bool:
    if value not in ("on", "off"):
        raise RelayUrlError(f"{option}={value}: expected on or off")
    return value == "on"


def _count(option: str, value: str, maximum: int) -> int:
    if not (value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= maximum):
        raise RelayUrlError(f"{option}={value}: expected a number from 1 to {maximum}")
    return int(value)


def _name(name: str) -> str:
    if not name.isascii() or not all(character.isalnum() or character in ".-[]:_" for character in name):
        raise RelayUrlError(f"name={name!r}: expected a host name")
    return name
