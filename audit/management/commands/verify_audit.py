from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import chain
from audit.models import AuditDetails, AuditEvent, ChainHead


class Command(BaseCommand):
    help = "Verify that no event of the audit trail was changed, removed or added."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--chain", help="one organization's SID, or 'system'; otherwise all")

    def handle(self, *args: Any, **options: Any) -> None:
        heads = ChainHead.objects.order_by("chain")
        if options["chain"]:
            heads = heads.filter(chain=options["chain"])
        faults = [fault for head in heads.iterator() for fault in chain.verify(head)]
        without_head = AuditEvent.unscoped.exclude(
            chain__in=ChainHead.objects.values("chain")
        ).count()
        for fault in faults:
            self.stderr.write(f"{fault.chain} event {fault.sequence}: {fault.message}")
        if without_head:
            self.stderr.write(f"{without_head} events stand in chains that have no head")
        if faults or without_head:
            raise CommandError("The audit trail does not hold.")
        events, details = AuditEvent.unscoped.count(), AuditDetails.objects.count()
        self.stdout.write(
            f"{heads.count()} chains hold: {events} events, {events - details} with erased details."
        )
