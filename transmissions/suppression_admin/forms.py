"""The form that adds addresses: typed, pasted or in a file."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from transmissions.models import Suppression
from transmissions.suppression import list_ids
from transmissions.suppression.request import MAX_DESCRIPTION_BYTES
from transmissions.suppression.tables import MOST_LINES, Defaults

# 100,000 lines of an address, a type and some words.
MAX_FILE_BYTES = 20 * 1024 * 1024


class AddForm(forms.Form):
    """Lines, and what holds for lines that do not say it themselves."""

    lines = forms.CharField(
        label="Addresses",
        required=False,
        strip=False,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 8, "placeholder": "ines@example.net\nbo@example.net", "spellcheck": "false"}
        ),
        help_text=f"One in a line, at most {MOST_LINES:,}. A line may go on with type, list ID and description, "
        "separated by commas; a first line may name the columns, as in an export.",
    )
    file = forms.FileField(
        label="Or a CSV file", required=False, widget=UnfoldAdminFileFieldWidget, help_text="UTF-8, at most 20 MB."
    )
    types = forms.MultipleChoiceField(
        label="They get no more",
        choices=[("non_transactional", "Non-transactional mail"), ("transactional", "Transactional mail")],
        initial=["non_transactional"],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    list_id = forms.CharField(
        label="List ID",
        required=False,
        max_length=list_ids.MAX_LENGTH,
        widget=UnfoldAdminTextInputWidget,
        help_text="Left empty, for all mail of the type; else only for mail with this List-Id.",
    )
    description = forms.CharField(
        required=False, max_length=MAX_DESCRIPTION_BYTES, widget=UnfoldAdminTextInputWidget
    )

    def clean_list_id(self) -> str:
        label: str = self.cleaned_data["list_id"]
        if label and not list_ids.is_label(label):
            raise forms.ValidationError(
                "Letters, digits, “-”, “_” and single dots inside, such as news.example.org."
            )
        return label

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        file, lines = values.get("file"), values.get("lines", "")
        if file is not None and file.size > MAX_FILE_BYTES:
            self.add_error("file", "The file is larger than 20 MB.")
        elif file is not None:
            try:
                lines = f"{lines}\n{file.read().decode('utf-8-sig')}" if lines.strip() else file.read().decode()
            except UnicodeDecodeError:
                self.add_error("file", "The file is not UTF-8.")
        if not self.errors and not lines.strip():
            self.add_error("lines", "Enter an address, or choose a file.")
        return values | {"text": lines}

    def defaults(self) -> Defaults:
        """For lines that say only an address; the form has to be valid."""
        values = self.cleaned_data
        return Defaults(tuple(values["types"]), values["list_id"].lower(), values["description"] or None)


class DescriptionForm(forms.ModelForm):  # type: ignore[type-arg]
    """All of an entry that can be changed."""

    class Meta:
        model = Suppression
        fields = ("description",)
        widgets = {"description": UnfoldAdminTextareaWidget(attrs={"rows": 3})}

    def clean_description(self) -> str:
        text: str = self.cleaned_data["description"].replace("\0", "")
        if len(text.encode()) > MAX_DESCRIPTION_BYTES:
            raise forms.ValidationError(f"At most {MAX_DESCRIPTION_BYTES} bytes.")
        return text
