"""The ways a Django developer would record a hit, as a site of one file; `python -m` of it makes its table.

Both views verify the same sealed token as the tracker does, so that only answering and recording differ.
"""

import os
from pathlib import Path

import django
from django.conf import settings

from tracking import keys

settings.configure(
    SECRET_KEY="only for a benchmark",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        *("django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes"),
        *("django.contrib.sessions", "django.contrib.messages"),
    ],
    # What `django-admin startproject` writes.
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "momentum",
            "USER": "momentum",
            "HOST": os.environ["BENCH_POSTGRES"],
            "CONN_MAX_AGE": None,
        }
    },
    USE_TZ=True,
)
django.setup()

from django.core.handlers.wsgi import WSGIHandler  # noqa: E402 (Django has to be set up first)
from django.db import connection, models  # noqa: E402
from django.http import Http404, HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from redis import Redis  # noqa: E402

from tracking.hits import PIXEL  # noqa: E402
from tracking.tokens import BadToken, open_token  # noqa: E402

KEYRING = keys.load(Path("/nowhere"), os.environ["TRACKING_KEYS"])
REDIS = Redis.from_url(os.environ["REDIS_URL"])


class PeerHit(models.Model):
    transmission = models.BigIntegerField()
    message = models.BigIntegerField()
    kind = models.SmallIntegerField()
    address = models.GenericIPAddressField()
    user_agent = models.TextField()
    happened_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "peers"

    def __str__(self) -> str:
        return f"hit on message {self.message}"


def insert(request: HttpRequest, message: str, link: str) -> HttpResponse:
    PeerHit.objects.create(**_fields(request, message, link))
    return HttpResponse(PIXEL, content_type="image/gif", headers={"Cache-Control": "no-store"})


def xadd(request: HttpRequest, message: str, link: str) -> HttpResponse:
    REDIS.xadd("peers", _fields(request, message, link))
    return HttpResponse(PIXEL, content_type="image/gif", headers={"Cache-Control": "no-store"})


def _fields(request: HttpRequest, message: str, link: str) -> dict[str, object]:
    opened = open_token(KEYRING, message, link)
    if isinstance(opened, BadToken):
        raise Http404
    return {
        "transmission": opened[0].transmission,
        "message": opened[0].message,
        "kind": int(opened[1].kind),
        "address": request.META["REMOTE_ADDR"],
        "user_agent": request.headers.get("User-Agent", ""),
    }


urlpatterns = [path("insert/<message>/<link>", insert), path("xadd/<message>/<link>", xadd)]
application = WSGIHandler()

if __name__ == "__main__":
    with connection.schema_editor() as editor:
        editor.create_model(PeerHit)
