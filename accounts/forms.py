"""The forms of the API key pages (contract 90 §10)."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextareaWidget,
)

from accounts import grants, sources
from accounts.models import ApiKey

# Django's class takes its type parameter from the stubs only.
if TYPE_CHECKING:
    _KeyModelForm = forms.ModelForm[ApiKey]
else:
    _KeyModelForm = forms.ModelForm


def _choice(grant: grants.Grant) -> tuple[str, str]:
    detail = "reserved: opens nothing yet" if grant.reserved else grant.opens
    return grant.name, format_html("{} <small>({})</small>", grant.label, detail)


class KeyForm(_KeyModelForm):
    """What may be changed of a key: its label and its grants."""

    grants = forms.MultipleChoiceField(
        choices=[_choice(grant) for grant in grants.GRANTS],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        error_messages={"required": "Choose at least one grant."},
        help_text="Read-Write brings Read-only along. No grant gives access to users or keys.",
    )

    class Meta:
        model = ApiKey
        fields: ClassVar[list[str]] = ["label", "grants"]


class NewKeyForm(KeyForm):
    """A new key; whoever makes one gives the password of their own account once more."""

    user: ClassVar[AbstractBaseUser | AnonymousUser]  # the signed-in user, set by the page

    valid_ips = forms.CharField(
        required=False,
        label="Allowed addresses",
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
        help_text="IP addresses or networks (192.0.2.0/24) that the key may be used from. Empty: from anywhere.",
    )
    account_password = forms.CharField(
        strip=False,
        label="Account password",
        widget=UnfoldAdminPasswordWidget({"autocomplete": "current-password"}),
        help_text="The password that you sign in with.",
    )

    class Meta(KeyForm.Meta):
        fields: ClassVar[list[str]] = ["label", "grants", "valid_ips"]

    def clean_valid_ips(self) -> list[str]:
        """The addresses in their normal form, each once."""
        pieces = sources.split(self.cleaned_data["valid_ips"])
        normal = {piece: sources.normal_form(piece) for piece in pieces}
        if wrong := [piece for piece, form in normal.items() if form is None]:
            raise ValidationError(f"Neither an IP address nor a network: {', '.join(wrong[:5])}")
        if len(normal) > sources.MOST_SOURCES:
            raise ValidationError(f"At most {sources.MOST_SOURCES} addresses and networks.")
        return list(dict.fromkeys(form for form in normal.values() if form))

    def clean_account_password(self) -> str:
        password: str = self.cleaned_data["account_password"]
        if not self.user.check_password(password):
            raise ValidationError("That is not the password of your account.")
        return password

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["valid_ips"] = ""
