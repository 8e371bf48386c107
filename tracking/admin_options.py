"""The page on which people see and change the msg_gen configuration (contract 50 §1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from unfold.widgets import INPUT_CLASSES, SELECT_CLASSES

from tracking import option_rules as rules
from tracking.models import OptionChange
from tracking.option_changes import change_options, in_force

_CHANGES_PER_PAGE = 25
_HEADERS = ("When (UTC)", "Who", "Option", "From", "To")
# Of each option the form also says what it showed, under this prefix: what nobody touched is not saved back.
_SHOWN = "shown-"


@dataclass(frozen=True, slots=True)
class Row:
    """One option as the page shows it; `text` is what stands in the field, `problem` what is wrong with it."""

    name: str
    meaning: str
    bounds: str
    choices: tuple[str, ...]
    text: str
    in_force: str
    in_words: str
    default_in_words: str
    is_default: bool
    has_effect: bool
    problem: str


@dataclass(frozen=True, slots=True)
class Submission:
    """What came with the form: texts as typed, and what they mean where they could be read."""

    typed: Mapping[str, str]
    wanted: Mapping[str, rules.Value]
    problems: Mapping[str, str]


_NOTHING = Submission({}, {}, {})


def msg_gen(request: HttpRequest) -> HttpResponse:
    """GET shows the configuration and its history; POST changes it, or resets the one option named by `reset`."""
    may_change = request.user.has_perm("tracking.change_option")
    if not (may_change or request.user.has_perm("tracking.view_option")):
        raise PermissionDenied
    if request.method != "POST":
        return _page(request, may_change, _NOTHING)
    if not may_change:
        raise PermissionDenied
    submission = read_form(request.POST.dict())
    if submission.problems:
        return _page(request, may_change, submission)
    assert isinstance(request.user, User)
    _report(request, change_options(submission.wanted, request.user))
    return HttpResponseRedirect(request.path)


def read_form(form: Mapping[str, str]) -> Submission:
    """The options that the person changed in the form, or the single one to be reset."""
    if form.get("reset") in rules.OPTIONS:
        name = form["reset"]
        return Submission({}, {name: rules.default(name, settings.TRACKING_HOST)}, {})
    typed = {name: form[name] for name in rules.OPTIONS if name in form and form[name] != form.get(_SHOWN + name)}
    read = {name: rules.read(name, text) for name, text in typed.items()}
    return Submission(
        typed=typed,
        wanted={name: value for name, value in read.items() if not isinstance(value, rules.Problem)},
        problems={name: value.reason for name, value in read.items() if isinstance(value, rules.Problem)},
    )


def _page(request: HttpRequest, may_change: bool, submission: Submission) -> HttpResponse:
    values = in_force()
    changes = OptionChange.objects.select_related("changed_by").order_by("-changed_at", "-id")
    history = Paginator(changes, _CHANGES_PER_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Configuration (msg_gen)",
        "may_change": may_change,
        "problem_count": len(submission.problems),
        "sections": [
            (key, title, [_row(name, values[name], submission) for name in rules.OPTIONS if _section(name) == key])
            for key, title in rules.SECTIONS.items()
        ],
        "without_effect": rules.WITHOUT_EFFECT,
        "history": history,
        "history_table": {"headers": _HEADERS, "rows": [_history_row(change) for change in history]},
        "input_classes": " ".join(INPUT_CLASSES),
        "select_classes": " ".join(SELECT_CLASSES),
    }
    return TemplateResponse(request, "tracking/msg_gen.html", context)


def _row(name: str, value: rules.Value, submission: Submission) -> Row:
    metadata, default = rules.OPTIONS[name].metadata, rules.default(name, settings.TRACKING_HOST)
    return Row(
        name=name,
        meaning=metadata["meaning"],
        bounds=rules.bounds(name),
        choices=("on", "off") if isinstance(default, bool) else metadata.get("choices", ()),
        text=submission.typed.get(name, rules.as_text(value)),
        in_force=rules.as_text(value),
        in_words=rules.in_words(name, value),
        default_in_words=rules.in_words(name, default),
        is_default=value == default,
        has_effect=metadata.get("effect", True),
        problem=submission.problems.get(name, ""),
    )


def _history_row(change: OptionChange) -> list[str]:
    who = change.changed_by.get_username() if change.changed_by else "deleted user"
    when = f"{change.changed_at:%Y-%m-%d\N{NO-BREAK SPACE}%H:%M:%S}"
    return [when, who, change.name, _said(change, change.old_value), _said(change, change.new_value)]


def _section(name: str) -> str:
    section: str = rules.OPTIONS[name].metadata["section"]
    return section


def _said(change: OptionChange, value: Any) -> str:
    # An option of an earlier version may be gone.
    return rules.in_words(change.name, value) if change.name in rules.OPTIONS else str(value)


def _report(request: HttpRequest, changed: list[OptionChange]) -> None:
    if not changed:
        messages.info(request, "Nothing was changed.")
    for change in changed:
        old, new = _said(change, change.old_value), _said(change, change.new_value)
        messages.success(request, f"{change.name}: {old} → {new}. Holds for the next generation.")
