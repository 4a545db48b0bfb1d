from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from adminctr.core.addresses import canonical_address
from adminctr.web.commands import refusals_told
from users.admission import Verdict, decide
from users.foresight import foresee
from users.management.operators import organization_of
from users.models import WayIn


class Command(BaseCommand):
    help = "Say what would come of an address, with every step to it; nothing changes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address", help="an email address")
        parser.add_argument("event", choices=WayIn.values)
        parser.add_argument(
            "--organization",
            metavar="OR…",
            help="answer as its administrators see it; needed where it is who lets somebody in",
        )

    def handle(
        self, *args: Any, address: str, event: str, organization: str | None, **options: Any
    ) -> None:
        with refusals_told():
            email, way_in = canonical_address(address), WayIn(event)
            if organization:
                verdict = foresee(organization_of(organization), email, way_in)
            else:
                verdict = decide(email, way_in)
        self.stdout.write(f"{email} {way_in.label}")
        self._tell(verdict)

    def _tell(self, verdict: Verdict) -> None:
        for step in verdict.steps:
            self.stdout.write(f"- {step.question} {step.answer}")
        joins = f" ({verdict.joins.sid}, {verdict.joins})" if verdict.joins else ""
        self.stdout.write(f"{verdict.outcome.label}{joins}.")
        if verdict.reason:
            self.stdout.write(
                f"{verdict.code}: {verdict.reason}" if verdict.code else verdict.reason
            )
