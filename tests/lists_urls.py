"""Only what the tests of recipient lists need: the list endpoints and the admin."""

from django.contrib import admin
from django.urls import include, path

from momentum.api.routes import endpoint
from transmissions.api.lists import ListsView, ListView

urlpatterns = [
    path(
        "api/v1/",
        include(
            [
                *endpoint("recipient-lists", ListsView.as_view(), name="recipient-lists"),
                *endpoint("recipient-lists/<key:list_id>", ListView.as_view(), name="recipient-list"),
            ]
        ),
    ),
    path("admin/", admin.site.urls),
]
