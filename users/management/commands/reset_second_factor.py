from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from adminctr.web.commands import refusals_told
from organizations.models import stay_of
from users.management.operators import login_of, operator_because
from users.operations import reset_factor_outside, reset_second_factor


class Command(BaseCommand):
    help = "Take every second factor of somebody away, also of an Owner or of support staff."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("reason", help="goes into the trail of the organization")

    def handle(self, *args: Any, email: str, reason: str, **options: Any) -> None:
        with refusals_told():
            actor = operator_because("reset_second_factor", reason)
            user = login_of(email)
            stay = stay_of(user)
            if stay:
                reset_second_factor(stay, actor=actor)
            else:
                reset_factor_outside(user, actor=actor)
        self.stdout.write(f"{user.email} sets up a new second factor at the next log-in.")
