"""From an SMTP reply to what it means: result, bounce class, and the reason that equal causes share."""

import re
from ipaddress import IPv6Address
from typing import NamedTuple

from transmissions.delivery.values import Result

UNDETERMINED, INVALID_RECIPIENT, SOFT, DNS_FAILURE, MAILBOX_FULL, TOO_LARGE, TIMEOUT = 1, 10, 20, 21, 22, 23, 24
MAIL_BLOCK, SPAM_BLOCK, SPAM_CONTENT, PROHIBITED_ATTACHMENT, RELAYING_DENIED, TRANSIENT = 50, 51, 52, 53, 54, 70

# Both `550 5.1.1 text` and `550-5.1.1 text`; the class of the enhanced code (RFC 3463) repeats the reply's
# first digit.
_ENHANCED = re.compile(r"^\d{3}[ -](?:\[internal\] )?([245])\.(\d{1,3})\.(\d{1,3})\b")


class Reply(NamedTuple):
    """One complete reply: its code, and its text with the codes, lines joined by line feeds."""

    code: int
    text: str


class Verdict(NamedTuple):
    """What a reply to MAIL, RCPT, DATA or the end of data means for the message."""

    result: Result
    bounce_class: int | None


class _Rule(NamedTuple):
    """A row: it holds when `code` matches reply and enhanced code (`550 5.1.1`) and `text` is found in the text."""

    code: str
    text: str
    bounce_class: int


# Contract 80 §9, "First mapping of SMTP answers". The first row that holds decides; patterns see lower case.
_TABLE = (
    _Rule(r"\d+ [45]\.4\.4", "", DNS_FAILURE),
    _Rule(r"5\d\d 5\.1\.(1|2|3|6|10)$", "", INVALID_RECIPIENT),
    _Rule(r"5\d\d 5\.2\.1$", "", INVALID_RECIPIENT),
    _Rule(r"\d+ [45]\.2\.2", "", MAILBOX_FULL),
    _Rule(r"\d+ [45]\.(3\.4|2\.3)$", "", TOO_LARGE),
    _Rule(r"\d+ [45]\.4\.7", "", TIMEOUT),
    _Rule(
        r"",
        r"\b(spamhaus|spamcop|barracuda(central)?|sorbs|dnsbl|rbl|black ?list(ed)?|block ?list(ed)?)\b",
        SPAM_BLOCK,
    ),
    _Rule(r"", r"\b(ip|address|client|host|server)\b.{0,80}\b(is )?listed\b", SPAM_BLOCK),
    _Rule(r"5\d\d (5\.7|$)", r"\brelay(ing)?\b", RELAYING_DENIED),
    _Rule(
        r"5\d\d (5\.7|5\.6|$)", r"\b(attachments?|executables?|virus|malware|file type)\b", PROHIBITED_ATTACHMENT
    ),
    _Rule(r"5\d\d (5\.7|5\.6|$)", r"\b(spam|unsolicited|junk|bulk (e-?)?mail)\b", SPAM_CONTENT),
    _Rule(r"5\d\d 5\.7\.", "", MAIL_BLOCK),
    _Rule(
        r"", r"\b(over|exceed(s|ed)?|out of) (its |the )?(disk )?(quota|storage)\b|\bquota exceeded\b", MAILBOX_FULL
    ),
    _Rule(r"", r"\bmail ?box (is )?(full|over)\b|\binsufficient (system )?storage\b", MAILBOX_FULL),
    _Rule(r"5\d\d", r"\b(message|mail|size)\b.{0,80}\b(too (large|big|long)|exceeds?)\b", TOO_LARGE),
    _Rule(r"552", r"\bsize\b", TOO_LARGE),
    _Rule(
        r"5\d\d", r"\b(user|recipient|mailbox|address|account)\b.{0,80}\b(unknown|not found|invalid|disabled)\b", 10
    ),
    _Rule(r"5\d\d", r"\b(unknown|no such|invalid|disabled) (user|recipient|mailbox|address|account|person)\b", 10),
    _Rule(r"5\d\d", r"\b(user|recipient|mailbox|address|account)\b.{0,80}\b(doesn't|does not|not) exist\b", 10),
    _Rule(r"55[013]", r"\bmailbox (unavailable|not available)\b|\bno mailbox\b", INVALID_RECIPIENT),
    _Rule(r"", r"\btime(d)?[ -]?out\b", TIMEOUT),
    _Rule(r"4\d\d", "", TRANSIENT),
)
_RULES = [(re.compile(rule.code), re.compile(rule.text, re.DOTALL), rule.bounce_class) for rule in _TABLE]

# They speak of our login at the relay or of its encryption (RFC 4954 §6, RFC 3207 §4), not of the recipient: an
# operator's mistake must not turn a whole campaign into bounces.
_OUR_OWN_FAULT = frozenset({530, 534, 535, 538})


def classify(code: int, text: str) -> int:
    """The bounce class of a refusal; `text` begins with the reply code, as in `550 5.1.1 User unknown`."""
    enhanced = _ENHANCED.match(text)
    codes = f"{code} {'.'.join(enhanced.groups()) if enhanced else ''}"
    lowered = text.lower()
    for code_pattern, text_pattern, bounce_class in _RULES:
        if code_pattern.match(codes) and text_pattern.search(lowered):
            return bounce_class
    return UNDETERMINED


def judge(reply: Reply) -> Verdict:
    """What a reply says about the message: 2xx to its end of data, or 4xx or 5xx at any step."""
    if 200 <= reply.code < 300:
        return Verdict("delivered", None)
    if reply.code in _OUR_OWN_FAULT:
        return Verdict("deferred", TRANSIENT)
    return Verdict("bounced" if reply.code >= 500 else "deferred", classify(reply.code, reply.text))


def given_up_class(last_class: int) -> int:
    """The bounce class of a message that was deferred with `last_class` until its time was over."""
    return SOFT if last_class == TRANSIENT else last_class


_REPEATED_CODES = re.compile(r"\n\d{3}(?:[ -](?:[245]\.\d{1,3}\.\d{1,3}(?= |$))?)?[ ]?")
_ANGLES = re.compile(r"<[^<>\s@]{0,128}@[^<>\s]{0,255}>")
# The look-behinds make a match begin at the start of a word only, so that a long word is scanned once.
_ADDRESS = re.compile(r"(?<![^\s<>()\[\]{},;:\"'=])[^\s<>()\[\]{},;:\"'@=]+@[^\s<>()\[\]{},;:\"'@=]+(?<![.!?])")
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
_COLONS = re.compile(r"(?<![\w:])(?:IPv6:)?[0-9a-f:]{4,39}(?:%\w+)?(?![\w:])", re.IGNORECASE)
_TIME = re.compile(r"\d{1,2}:\d\d(:\d\d)?")
_WORD = re.compile(r"(?<![\w.+/=-])[\w.+/=-]{4,}")
_NUMBER = re.compile(r"\d{4,}")


def canonical_reason(text: str) -> str:
    """The reply with what belongs to the single case masked (contract 60 §3), so that equal causes group.

    Addresses become `...@...`, IP addresses `a.b.c.d`, ids and numbers of four digits and more `...`; the lines
    of a reply become one, with its codes at the start only. At most 1,000 characters.
    """
    head, rest = text[:3], _REPEATED_CODES.sub(" ", f" {text[4:]}")
    rest = _ADDRESS.sub("...@...", _ANGLES.sub("...@...", rest))
    rest = _COLONS.sub(lambda word: _mask_colons(word[0]), _IPV4.sub("a.b.c.d", rest))
    rest = _WORD.sub(lambda word: _mask_id(word[0]), rest)
    return " ".join((head + rest).split())[:1000]


def _mask_colons(word: str) -> str:
    """An IPv6 address or a time of day."""
    try:
        IPv6Address(word[5:] if word[:5].lower() == "ipv6:" else word)
    except ValueError:
        return "..." if _TIME.fullmatch(word) else word
    return "a.b.c.d"


def _mask_id(word: str) -> str:
    """A queue or session id: digits and letters mixed, eight characters and more; or a long number."""
    bare = word.rstrip(".")
    if bare.isdigit():
        return _NUMBER.sub("...", word)
    digits = sum(character.isdigit() for character in bare)
    is_id = len(bare) >= 8 and digits >= 3 and digits < len(bare) and "/" not in bare and not _is_dotted_name(bare)
    return "..." + word[len(bare) :] if is_id else word


def _is_dotted_name(word: str) -> bool:
    return "." in word and all(part.isalpha() or part.isdigit() for part in word.split("."))
