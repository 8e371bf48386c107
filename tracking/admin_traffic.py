"""The page on which people read the rules that tell machines from people (docs/tracking.md, "Human or machine")."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse

from tracking import classify, explained
from tracking.classify import Agent, Rule, Rules, Traffic

_MEANING = {
    Traffic.HUMAN: "A person",
    Traffic.PREFETCH: "A machine that loads on delivery: a privacy proxy, a cache",
    Traffic.SCANNER: "A machine that looks at mail: a security gateway, a crawler, a link preview",
    Traffic.UNKNOWN: "Not certain; reports count it with people, and an unsubscription by it is honoured",
}
_SETTLES = {
    Agent.PRIVACY_PROXY: "prefetch",
    Agent.PREFETCH_HEADER: "prefetch",
    Agent.IMAGE_PROXY: "human, or prefetch when at once",
    Agent.SCANNER: "scanner",
}


def traffic_rules(request: HttpRequest) -> HttpResponse:
    """The rules in force, what they mean, and how many hits of the last days each explains; read only."""
    if not request.user.has_perm("tracking.view_option"):
        raise PermissionDenied
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    rules, found = classify.load(), explained.count()
    hits = f"Hits, last {explained.DAYS} days"
    context = {
        **admin.site.each_context(request),
        "title": "Human or machine: the rules",
        "rules": rules,
        "is_counted": found is not None,
        "classes": {"headers": ["Class", "Who", hits], "rows": _class_rows(found)},
        "agents": {
            "headers": ["Reason", "What it means", "Settles", "Names", hits],
            "rows": _agent_rows(rules, found),
        },
        "signs": {
            "headers": ["Reason", "What it means", "Points", "Limits", hits],
            "rows": [
                [name, rule.meaning, str(rule.points), _limits(rule), _hits(name, found)]
                for name, rule in rules.signs.items()
            ],
        },
    }
    return TemplateResponse(request, "tracking/traffic_rules.html", context)


def _class_rows(found: explained.Explained | None) -> list[list[str]]:
    counts = found.classes if found else {}
    return [[kind.value, _MEANING[kind], _number(counts.get(kind, 0)) if found else "–"] for kind in Traffic]


def _agent_rows(rules: Rules, found: explained.Explained | None) -> list[list[str]]:
    return [
        [
            *(name, rule.meaning, _SETTLES.get(Agent(name), f"{rule.points} points, unknown at least")),
            *(", ".join(sorted((*rule.exact, *rule.contains))) or "–", _hits(name, found)),
        ]
        for name, rule in rules.agents.items()
    ]


def _limits(rule: Rule) -> str:
    limits = [f"at least {rule.least}"] if rule.least else []
    return ", ".join([*limits, f"within {rule.within_s:g} s"] if rule.within_s else limits) or "–"


def _hits(reason: str, found: explained.Explained | None) -> str:
    return _number(found.reasons.get(reason, 0)) if found else "–"


def _number(count: int) -> str:
    return f"{count:,}"
