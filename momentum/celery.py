"""The Celery application: `celery -A momentum worker` and `beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "momentum.settings")

app = Celery("momentum")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
