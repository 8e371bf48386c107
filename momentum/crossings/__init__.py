"""Pages that need two rooms at once, wired where both may be imported (docs/architecture.md).

Reports know who did something, transmissions keep recipient lists and contents; neither imports the other.
"""

from django.contrib import admin
from django.urls import path

from momentum.crossings import click_map, recipient_list

# Relative to /admin/. The names are what the pages of the rooms look up.
urlpatterns = [
    path("reports/click-map/", admin.site.admin_view(click_map.click_map), name="click_map"),
    path(
        "reports/click-map/message/", admin.site.admin_view(click_map.click_map_message), name="click_map_message"
    ),
    path(
        "reports/recipients/make-list/",
        admin.site.admin_view(recipient_list.make_recipient_list),
        name="make_recipient_list",
    ),
]
