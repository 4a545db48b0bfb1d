from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from adminctr.core import clock
from adminctr.web.commands import refusals_told
from users.management.operators import operator_because
from users.operations import end_every_session


class Command(BaseCommand):
    help = "Log everybody out, as after a backup was restored; the reason goes into the trail."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reason")

    def handle(self, *args: Any, reason: str, **options: Any) -> None:
        with refusals_told():
            actor = operator_because("end_sessions", reason)
            ended = end_every_session(clock.now(), actor=actor)
        self.stdout.write(f"{ended} sessions ended.")
