"""Reads the sequences that are written by hand."""

from pathlib import Path

from benchmarks.traffic_set import visits
from benchmarks.traffic_set.visits import Labelled
from tracking.signs import Seen

_FILE = Path(__file__).with_name("sequences.txt")
_AGENTS = {
    "firefox": visits.FIREFOX.format(v=140),
    "chrome": visits.CHROME.format(v=140),
    "safari": visits.MAC.format(v=4),
    "iphone": visits.IPHONE.format(v=4),
    "android": visits.ANDROID.format(v=140),
    "outlook": visits.OUTLOOK.format(v=17),
    "gmail": visits.GMAIL_PROXY,
    "yahoo": visits.YAHOO_PROXY,
    "apple": visits.APPLE_PROXY,
    "curl": "curl/8.14.1",
    "none": "",
}


def part(name: str) -> list[list[Labelled]]:
    """The sequences of one part; raises for a line that is none."""
    text = "\n".join(line for line in _FILE.read_text().splitlines() if not line.startswith("#"))
    messages = []
    for block in text.strip().split("\n\n"):
        title, *lines = block.splitlines()
        of_part, _, shows = title.partition(": ")
        if of_part == name:
            messages.append([_hit(line, shows) for line in lines])
    return messages


def _hit(line: str, shows: str) -> Labelled:
    author, at, what, address, agent, *marks = line.split()
    seen = Seen(
        *(float(at), what != "open", "" if what == "open" else what, address, _AGENTS[agent], float(at)),
        *(what == "unsubscribe", "prefetch" in marks, "head" in marks),
    )
    return Labelled(seen, {"machine": True, "person": False}[author], shows)
