from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from adminctr.web.commands import refusals_told
from users.management.operators import operator_because, stay_of_login
from users.operations import reset_user_password


class Command(BaseCommand):
    help = "Make the password of a managed user useless and mail them a link; also of an Owner."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("reason", help="goes into the trail of the organization")

    def handle(self, *args: Any, email: str, reason: str, **options: Any) -> None:
        with refusals_told():
            actor = operator_because("reset_password", reason)
            stay = reset_user_password(stay_of_login(email), actor=actor)
        self.stdout.write(f"A link is on its way to {stay.email}.")
