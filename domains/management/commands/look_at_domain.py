from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adminctr.core.actor import Actor
from adminctr.core.addresses import canonical_domain
from adminctr.web.commands import refusals_told
from domains import claims, looks
from domains.operations import settle_recheck


class Command(BaseCommand):
    help = "Look at the proof of a domain now, for each of its holders, as the worker does daily."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="a domain name, such as example.com")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        with refusals_told():
            held = claims.holders(canonical_domain(name))
        if not held:
            raise CommandError("No organization holds this domain.")
        for domain in held:
            findings = looks.look_again(domain)
            with refusals_told():
                turn = settle_recheck(
                    domain, findings=findings, actor=Actor.operator("look_at_domain")
                )
            domain.refresh_from_db()
            told = f"{domain.get_status_display()} ({turn.value}). {domain.check_result}"
            self.stdout.write(f"{domain.organization.sid}: {told}")
