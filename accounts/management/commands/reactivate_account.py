from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.management.operators import account_of
from accounts.operations import reactivate_account
from adminctr.core.actor import Actor
from adminctr.web.commands import refusals_told


class Command(BaseCommand):
    help = "Let a suspended account run again, whoever suspended it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sid", help="an Account SID, AC…")

    def handle(self, *args: Any, sid: str, **options: Any) -> None:
        with refusals_told():
            account = reactivate_account(
                account_of(sid), actor=Actor.operator("reactivate_account")
            )
        self.stdout.write(f"{account.name} is {account.get_status_display().lower()} now.")
