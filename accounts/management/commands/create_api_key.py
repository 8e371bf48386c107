"""`manage.py create_api_key`: a new API key, alone, on standard output."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import actions, grants
from accounts.models import LABEL_LENGTH


class Command(BaseCommand):
    help = "Creates an API key and prints it, alone, on standard output. It cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--label", required=True, help="what the key is for")
        wanted = parser.add_mutually_exclusive_group(required=True)
        wanted.add_argument("--grant", action="append", metavar="GRANT", help="a machine name; may be repeated")
        wanted.add_argument("--all-grants", action="store_true", help="every grant there is")

    def handle(self, *args: Any, **options: Any) -> None:
        label = options["label"].strip()
        if not label or len(label) > LABEL_LENGTH or "\0" in label:
            raise CommandError(f"--label needs 1 to {LABEL_LENGTH} characters")
        wanted = list(grants.BY_NAME) if options["all_grants"] else options["grant"]
        if wrong := grants.unknown(wanted):
            raise CommandError(f"no such grant: {', '.join(wrong)}. There are: {', '.join(grants.BY_NAME)}")
        _, key = actions.create_key(label, wanted)
        self.stdout.write(key)
