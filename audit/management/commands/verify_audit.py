from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import chain
from audit.models import AuditEvent, ChainHead


class Command(BaseCommand):
    help = "Verify that no event of the audit trail was changed, removed or added."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--chain", default="", help="one organization's SID, or 'system'; otherwise all"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        heads, events = ChainHead.objects.all(), AuditEvent.unscoped.all()
        if only := options["chain"]:
            heads, events = heads.filter(chain=only), events.filter(chain=only)
            if not heads.exists() and not events.exists():
                raise CommandError(f"There is no chain named {only}.")
        faults = list(chain.verify_all(only))
        for fault in faults:
            self.stderr.write(f"{fault.chain} event {fault.sequence}: {fault.message}")
        if faults:
            raise CommandError("The audit trail does not hold.")
        erased = events.filter(details=None).count()
        self.stdout.write(
            f"{heads.count()} chains hold: {events.count()} events, {erased} with erased details."
        )
