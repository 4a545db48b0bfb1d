from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from adminctr.core.actor import Actor
from adminctr.web.commands import refusals_told
from organizations.policy import StaffGroup
from users.management.operators import login_of
from users.operations import appoint_staff


class Command(BaseCommand):
    help = "Make somebody who has a login support staff, in one group."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("group", choices=[group.value for group in StaffGroup])

    def handle(self, *args: Any, email: str, group: str, **options: Any) -> None:
        actor = Actor.operator("appoint_staff")
        with refusals_told():
            user = login_of(email)
            appoint_staff(user, group=StaffGroup(group), actor=actor)
        self.stdout.write(f"{user.email} is in the group {group} now.")
