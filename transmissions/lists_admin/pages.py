"""What the pages of an import share: who may see them, and how they are shown."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from transmissions.models import ListImport, RecipientList


def find_import(request: HttpRequest, import_id: int, *, for_change: bool = True) -> ListImport:
    """The import. Raises PermissionDenied unless the person may see lists, and for a change make such an import."""
    if not request.user.has_perm("transmissions.view_recipientlist"):
        raise PermissionDenied
    begun = get_object_or_404(ListImport, pk=import_id)
    if for_change:
        allow(request, is_new=begun.is_new)
    return begun


def allow(request: HttpRequest, *, is_new: bool) -> None:
    """Raises PermissionDenied unless the person may import into a new list, or into one that is there."""
    if not may_import(request, is_new=is_new):
        raise PermissionDenied


def may_import(request: HttpRequest, *, is_new: bool) -> bool:
    """Whether the person may import into a new list, or into one that is there."""
    verb = "add" if is_new else "change"
    return request.user.has_perm(f"transmissions.{verb}_recipientlist")


def shown_page(
    request: HttpRequest, template: str, title: str, values: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A page of the admin from templates/transmissions/lists."""
    context = admin.site.each_context(request) | {"title": title, "opts": RecipientList._meta} | values
    return render(request, f"transmissions/lists/{template}.html", context, status=status)
