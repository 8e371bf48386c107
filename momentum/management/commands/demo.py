"""`manage.py demo`: an invented month of mail, to look at reports before there is any of one's own."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from momentum.management.demo import filling
from momentum.management.demo.filling import Tally
from tracking.events import CLICK_TYPES, OPEN_TYPES, EventType


class Command(BaseCommand):
    """Nothing is sent; every invented address ends in .example."""

    help = "Fill an empty installation with an invented month of mail (campaigns, opens, clicks, bounces, machines)"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=1, help="the same seed invents the same people (1)")
        parser.add_argument("--days", type=int, default=30, help="how many days back the mail begins (30)")
        parser.add_argument("--recipients", type=int, default=3000, help="how many people get mail (3000)")
        parser.add_argument("--force", action="store_true", help="also where there is mail already")

    def handle(self, **options: Any) -> None:
        days, recipients = options["days"], options["recipients"]
        if not 1 <= days <= 366 or not 1 <= recipients <= 1_000_000:
            raise CommandError("between 1 and 366 days, and between 1 and 1000000 recipients")
        if filling.has_mail() and not options["force"]:
            raise CommandError("there is mail already, which invented mail would mix with; --force does it anyway")
        told = filling.fill(options["seed"], days, recipients, self._progress)
        self.stdout.write(self.style.SUCCESS(f"Done. {_summary(told)}"))

    def _progress(self, tally: Tally) -> None:
        if tally.mailings % 10 == 0:
            self.stdout.write(f"{tally.mailings} mailings, {tally.events.total():,} events")


def _summary(told: Tally) -> str:
    opens, clicks = (sum(told.events[kind] for kind in types) for types in (OPEN_TYPES, CLICK_TYPES))
    return (
        f"{told.mailings} mailings, {told.events[EventType.INJECTION]:,} messages, "
        f"{told.events[EventType.DELIVERY]:,} delivered, {opens:,} opens, {clicks:,} clicks"
    )
