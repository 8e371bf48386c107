"""The project as an app: it brings the roof's management commands and the Celery application."""

from django.apps import AppConfig


class MomentumConfig(AppConfig):
    name = "momentum"

    def ready(self) -> None:
        # Tasks are enqueued by any process; they need the configured application, not Celery's default one.
        from momentum import celery  # noqa: F401
