"""manage.py sandbox: the sandbox's SMTP server at settings.SANDBOX_ADDRESS, until SIGINT or SIGTERM."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from sandbox import server


class Command(BaseCommand):
    help = "Take mail for the sandbox, the mailbox of an installation without a relay."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = settings.SANDBOX_ADDRESS
        status = server.run(settings.MOMENTUM_HOME, host, port)
        if status:
            sys.exit(status)
