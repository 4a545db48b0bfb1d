from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from adminctr.core.actor import Actor
from adminctr.web.commands import refusals_told
from users.management.operators import login_of
from users.operations import dismiss_staff


class Command(BaseCommand):
    help = "Take the staff rights of somebody."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        with refusals_told():
            user = login_of(email)
            dismiss_staff(user, actor=Actor.operator("dismiss_staff"))
        self.stdout.write(f"{user.email} is no longer support staff.")
