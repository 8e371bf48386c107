"""Pages of this app inside the admin; paths are relative to /admin/."""

from django.contrib import admin
from django.urls import path

from tracking.admin_options import msg_gen
from tracking.admin_traffic import traffic_rules

urlpatterns = [
    path("tracking/msg-gen/", admin.site.admin_view(msg_gen), name="msg_gen"),
    path("tracking/traffic-rules/", admin.site.admin_view(traffic_rules), name="traffic_rules"),
]
