"""The API keys page (contract 90 §10)."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from accounts import actions, grants
from accounts.forms import KeyForm, NewKeyForm
from accounts.models import ApiKey

_LIST = "admin:accounts_apikey_changelist"


class StatusFilter(admin.SimpleListFilter):
    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("active", "Active"), ("revoked", "Revoked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        if self.value() not in ("active", "revoked"):
            return queryset
        return queryset.filter(revoked_at__isnull=self.value() == "active")


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):  # type: ignore[misc]
    """Keys are made, edited (label and grants) and revoked here; a key's text is shown once, when it is made."""

    list_display = ("label", "shown_key", "shown_grants", "last_use", "status")
    list_filter = (StatusFilter,)
    search_fields = ("label", "short_key")
    actions = None
    actions_detail = ("revoke",)
    fieldsets = (
        (None, {"fields": ("label", "grants")}),
        ("Key", {"fields": ("shown_key", "status", "shown_sources", "created", "created_by", "last_use")}),
    )
    add_fieldsets = ((None, {"fields": ("label", "grants", "valid_ips", "account_password")}),)
    readonly_fields = ("shown_key", "status", "shown_sources", "created", "created_by", "last_use")

    class Media:
        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("accounts/pages.css",)}

    def get_form(
        self, request: HttpRequest, obj: ApiKey | None = None, change: bool = False, **kwargs: Any
    ) -> type[KeyForm]:
        if obj is not None:
            return super().get_form(request, obj, change, **{**kwargs, "form": KeyForm})  # type: ignore[no-any-return]
        form: type[KeyForm] = super().get_form(request, obj, change, **{**kwargs, "form": NewKeyForm})
        return type("NewKeyForm", (form,), {"user": request.user})

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Sequence[str]:
        return self.readonly_fields if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.revoked_at is None)

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False  # a revoked key stays for the record

    def has_revoke_permission(self, request: HttpRequest, object_id: str | int | None = None) -> bool:
        return request.user.has_perm("accounts.delete_apikey") and _living(object_id).exists()

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        # Saving and going on at once would pass by the page that shows the key.
        one_button = {"show_save_and_add_another": False, "show_save_and_continue": False}
        answer: HttpResponse = super().render_change_form(request, {**context, **one_button}, *args, **kwargs)
        return answer

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            actions.edit_key(obj.pk, obj.label, obj.grants)
            return
        created, key = actions.create_key(
            obj.label,
            obj.grants,
            valid_ips=obj.valid_ips,
            created_by=request.user,  # type: ignore[arg-type]
        )
        obj.pk, obj.short_key = created.pk, created.short_key
        obj.text = key

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """The only page that ever shows the key: the answer itself, so that no session or cookie holds it."""
        context = {
            **self.admin_site.each_context(request),
            "title": "API key created",
            "key": obj.text,
            "api_key": obj,
            "grant_labels": grants.labels(obj.grants),
            "list_url": reverse(_LIST),
        }
        return TemplateResponse(request, "accounts/key_created.html", context)

    @action(description="Revoke", permissions=["revoke"], icon="block")  # type: ignore[untyped-decorator]
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        api_key = get_object_or_404(ApiKey, pk=object_id)
        if request.method == "POST":
            if actions.revoke_key(api_key.pk):
                self.log_change(request, api_key, "Revoked.")
                messages.success(request, f"The API key “{api_key}” has been revoked.")
            return HttpResponseRedirect(reverse(_LIST))
        context = {
            **self.admin_site.each_context(request),
            "title": "Revoke API key",
            "api_key": api_key,
            "back_url": reverse("admin:accounts_apikey_change", args=[api_key.pk]),
        }
        return TemplateResponse(request, "accounts/key_revoke.html", context)

    @admin.display(description="Key", ordering="short_key")
    def shown_key(self, api_key: ApiKey) -> str:
        return f"{api_key.short_key}…"

    @admin.display(description="Grants")
    def shown_grants(self, api_key: ApiKey) -> str:
        if set(api_key.grants) == grants.ALL:
            return "All grants"
        lines = format_html_join("", "<div>{}</div>", ((label,) for label in grants.labels(api_key.grants)))
        return format_html("<div>{}</div>", lines)

    @admin.display(description="Allowed addresses")
    def shown_sources(self, api_key: ApiKey) -> str:
        return ", ".join(api_key.valid_ips) or "anywhere"

    @admin.display(description="Created", ordering="created_at")
    def created(self, api_key: ApiKey) -> str:
        return f"{api_key.created_at:%Y-%m-%d %H:%M} UTC"

    @admin.display(description="Last use", ordering="last_used_at")
    def last_use(self, api_key: ApiKey) -> str:
        return f"{api_key.last_used_at:%Y-%m-%d %H:%M} UTC" if api_key.last_used_at else "never"

    @display(  # type: ignore[untyped-decorator]
        description="Status", ordering="revoked_at", label={"Active": "success", "Revoked": "danger"}
    )
    def status(self, api_key: ApiKey) -> str:
        return "Revoked" if api_key.revoked_at else "Active"


def _living(object_id: str | int | None) -> QuerySet[ApiKey]:
    given = str(object_id)
    if not (given.isascii() and given.isdecimal()):
        return ApiKey.objects.none()
    return ApiKey.objects.filter(pk=given, revoked_at=None)
