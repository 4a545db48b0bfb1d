from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.management.operators import account_of
from accounts.operations import transfer_account
from adminctr.core.actor import Actor
from adminctr.core.tenancy import tenant
from adminctr.web.commands import refusals_told
from organizations import members


class Command(BaseCommand):
    help = "Make a managed user of its organization the owner of an account; both are mailed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sid", help="an Account SID, AC…")
        parser.add_argument("owner", help="the email address or User SID of the new owner")

    def handle(self, *args: Any, sid: str, owner: str, **options: Any) -> None:
        with refusals_told():
            account = account_of(sid)
            with tenant(account.organization):
                to = members.owner_named(owner).user
            transfer_account(account, to=to, actor=Actor.operator("transfer_account"))
        self.stdout.write(f"{to.email} owns {account.name} now.")
