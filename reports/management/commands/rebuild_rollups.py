from django.core.management.base import BaseCommand

from reports import rollups


class Command(BaseCommand):
    help = "Make the rollups again from the event log. Reports show the old ones until it is done."

    def handle(self, *args: object, **options: object) -> None:
        rollups.rebuild()
        self.stdout.write("The rollups have been made again.")
