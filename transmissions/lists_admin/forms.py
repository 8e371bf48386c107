"""The forms of an import: where the file goes, and what its columns are."""

from typing import Any

from django import forms
from django.http import QueryDict
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from transmissions.actions.imports import Wanted
from transmissions.csv_import.columns import KEYED, TITLES, Column, Target, suggested_key
from transmissions.csv_import.heading import Heading
from transmissions.list_request import MAX_DESCRIPTION_BYTES, MAX_ID_BYTES, MAX_NAME_BYTES


class NewListForm(forms.Form):
    """The list that an upload makes. The file itself never passes through here (receiving.ToUploadFolder)."""

    name = forms.CharField(
        label="Label", required=False, max_length=MAX_NAME_BYTES, widget=UnfoldAdminTextInputWidget
    )
    key = forms.CharField(
        label="ID",
        required=False,
        max_length=MAX_ID_BYTES,
        strip=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="What API callers name the list by; it cannot be changed later. Left empty, one is made.",
    )
    description = forms.CharField(
        required=False, max_length=MAX_DESCRIPTION_BYTES, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2})
    )
    file = forms.FileField(label="CSV file", required=False, widget=UnfoldAdminFileFieldWidget)

    def wanted(self) -> Wanted:
        """The list as asked for; the form has to be valid."""
        values = self.cleaned_data
        return Wanted(is_new=True, key=values["key"], name=values["name"], description=values["description"])


class FileForm(forms.Form):
    """A file that replaces what a list holds."""

    file = forms.FileField(label="CSV file", required=False, widget=UnfoldAdminFileFieldWidget)


def read_columns(posted: QueryDict, count: int) -> tuple[Column, ...]:
    """The mapping as chosen in the page of columns; whatever is not a target counts as ignored."""
    return tuple(
        _column(posted.get(f"target-{index}", ""), posted.get(f"key-{index}", "")) for index in range(count)
    )


def shown_columns(heading: Heading, columns: tuple[Column, ...]) -> list[dict[str, Any]]:
    """One entry for each column of the file, as the page shows it."""
    return [
        {
            "name": name,
            "target": column.target.value,
            "key": column.key or suggested_key(name),
            "takes_key": column.target in KEYED,
        }
        for name, column in zip(heading.columns, columns, strict=True)
    ]


TARGETS = [{"value": target.value, "title": TITLES[target], "takes_key": target in KEYED} for target in Target]


def _column(target: str, key: str) -> Column:
    try:
        chosen = Target(target)
    except ValueError:
        return Column(Target.IGNORED)
    return Column(chosen, key.strip() if chosen in KEYED else "")
