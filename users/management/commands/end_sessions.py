from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.web.commands import refusals_told
from users.operations import end_every_session


class Command(BaseCommand):
    help = "Log everybody out, as after a backup was restored; the reason goes into the trail."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reason")

    def handle(self, *args: Any, reason: str, **options: Any) -> None:
        if not reason.strip():
            raise CommandError("Say why: the reason goes into the trail.")
        actor = Actor.operator("end_sessions").with_reason(reason)
        with refusals_told():
            ended = end_every_session(clock.now(), actor=actor)
        self.stdout.write(f"{ended} sessions ended.")
