from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adminctr.web import invariants


class Command(BaseCommand):
    help = "Check what must be true of the whole database; changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        faults = invariants.faults()
        for fault in faults:
            self.stderr.write(fault)
        if faults:
            raise CommandError(f"{len(faults)} faults found.")
        self.stdout.write(f"{len(invariants.CHECKS)} invariants hold.")
