from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adminctr.core.tenancy import every_tenant
from overview import counters


class Command(BaseCommand):
    help = "Compare the counters of every organization with what they count, and put them right."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="report only, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        with every_tenant():
            drifts = list(counters.drifts())
        for drift in drifts:
            self.stdout.write(
                f"{drift.organization.sid}: {drift.counter} says {drift.kept}, "
                f"there are {drift.true}"
            )
        if drifts and options["check"]:
            raise CommandError(f"{len(drifts)} counters are wrong.")
        for organization in {drift.organization for drift in drifts}:
            counters.recount(organization)
        self.stdout.write(f"{len(drifts)} counters put right.")
