from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.management.operators import account_of
from accounts.operations import suspend_account
from adminctr.core.actor import Actor
from adminctr.web.commands import refusals_told


class Command(BaseCommand):
    help = "Stop an account and what is below it; only support or an operator lifts that."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sid", help="an Account SID, AC…")

    def handle(self, *args: Any, sid: str, **options: Any) -> None:
        with refusals_told():
            account = suspend_account(account_of(sid), actor=Actor.operator("suspend_account"))
        self.stdout.write(f"{account.name} is suspended.")
