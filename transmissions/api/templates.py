"""The endpoints of stored templates (contract 20)."""

from typing import ClassVar

from django.http import HttpResponse
from rest_framework.request import Request

from momentum.api import parameters, responses
from momentum.api.bodies import json_object, read_body
from momentum.api.views import ApiView
from transmissions import template_versions
from transmissions.actions import preview, templates

_VIEW = ("templates/view", "templates/modify")
_MODIFY = ("templates/modify",)
_PREVIEW = ("templates/preview", "templates/view", "templates/modify")


class TemplatesView(ApiView):
    """POST and list."""

    grants: ClassVar = {"GET": _VIEW, "POST": _MODIFY}

    def post(self, request: Request) -> HttpResponse:
        """Store a new template."""
        return responses.ok({"id": templates.create(json_object(read_body(request)))})

    def get(self, request: Request) -> HttpResponse:
        """All templates, without content."""
        draft = parameters.boolean(request, "draft")
        return responses.ok(template_versions.listed(draft, parameters.boolean(request, "shared_with_subaccounts")))


class TemplateView(ApiView):
    """One template."""

    grants: ClassVar = {"GET": _VIEW, "PUT": _MODIFY, "DELETE": _MODIFY}

    def get(self, request: Request, template_id: str) -> HttpResponse:
        """One version of it."""
        version = template_versions.find_version(template_id, parameters.boolean(request, "draft"))
        return responses.ok(template_versions.shown(version))

    def put(self, request: Request, template_id: str) -> HttpResponse:
        """Change or publish it."""
        published = bool(parameters.boolean(request, "update_published"))
        body = json_object(read_body(request))
        return responses.ok({"id": templates.update(template_id, body, update_published=published)})

    def delete(self, request: Request, template_id: str) -> HttpResponse:
        """Remove both versions."""
        templates.delete(template_id)
        return responses.json_answer({})


class TemplatePreviewView(ApiView):
    """A stored template with data."""

    grants: ClassVar = {"POST": _PREVIEW}

    def post(self, request: Request, template_id: str) -> HttpResponse:
        """Render it."""
        version = template_versions.find_version(template_id, parameters.boolean(request, "draft"))
        return responses.ok(preview.of_template(version, json_object(read_body(request))))


class ContentPreviewView(ApiView):
    """Content that is not stored, with data."""

    grants: ClassVar = {"POST": _PREVIEW}

    def post(self, request: Request) -> HttpResponse:
        """Render it."""
        return responses.ok(preview.of_content(json_object(read_body(request))))
