import sys

from django.core.management.base import BaseCommand

from reports import rollups


class Command(BaseCommand):
    help = "Compare the rollups with the event log; exits with 1 where they disagree."

    def handle(self, *args: object, **options: object) -> None:
        found = rollups.check()
        for entry in found:
            self.stdout.write(
                f"{entry.table} {entry.bucket:%FT%RZ} {entry.type}: "
                f"{entry.in_log} in the log, {entry.in_rollup} in the rollup"
            )
        if found:
            self.stderr.write("Rollups disagree with the event log: manage.py rebuild_rollups makes them again.")
            sys.exit(1)
        self.stdout.write("The rollups agree with the event log.")
