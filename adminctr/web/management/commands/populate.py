from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from tqdm import tqdm

from adminctr.core import bulk
from adminctr.core.actor import Actor
from adminctr.web.population import IN_A_SMALL_ORGANIZATION, Size, populate
from organizations.models import Organization
from users.passwords import hash_password

_DEFAULT_EVENTS = 1000


class Command(BaseCommand):
    help = (
        "Fill an empty database with a large world of made-up people, for measuring. "
        "Nobody else may write meanwhile."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organizations", type=int, required=True)
        parser.add_argument("--users", type=int, required=True, help="in all organizations")
        parser.add_argument("--accounts", type=int, required=True, help="in all organizations")
        parser.add_argument("--invitations", type=int, help="1 %% of the users if not given")
        parser.add_argument(
            "--events", type=int, default=_DEFAULT_EVENTS, help="in the first organization's trail"
        )
        parser.add_argument("--seed", type=int, default=1, help="the same seed, the same names")
        parser.add_argument("--password", default="", help="of the first organization's Owner")
        parser.add_argument(
            "--add-to",
            default="",
            metavar="DATABASE",
            help="the name of the database, if it is not empty: then you know which one it is",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        size = self._size(options)
        self._require_harmless(options["add_to"])
        password = hash_password(options["password"]) if options["password"] else None
        # None: quiet when nobody looks.
        with tqdm(total=size.rows(), unit=" rows", unit_scale=True, disable=None) as bar:
            made = populate(
                size,
                password=password,
                progress=bar.update,
                actor=Actor.operator("populate"),
            )
        bulk.analyze()
        self.stdout.write(
            f"{size.organizations} organizations, {size.users} users, {size.accounts} accounts."
        )
        self.stdout.write(f"The first organization is {made.organization_sid}.")
        self.stdout.write(f"Its Owner is {made.owner}.")

    def _size(self, options: dict[str, Any]) -> Size:
        asked = options["invitations"]
        size = Size(
            organizations=options["organizations"],
            users=options["users"],
            accounts=options["accounts"],
            invitations=options["users"] // 100 if asked is None else asked,
            events=options["events"],
            seed=options["seed"],
        )
        if size.organizations < 1:
            raise CommandError("There must be an organization.")
        if size.in_the_first < 1 or size.accounts_in_the_first < 0:
            raise CommandError(
                f"Each organization but the first has {IN_A_SMALL_ORGANIZATION} users and an "
                "account; ask for more of them."
            )
        if min(size.invitations, size.events) < 0:
            raise CommandError("There cannot be fewer than none.")
        return size

    def _require_harmless(self, named: str) -> None:
        if settings.IS_HTTPS:
            raise CommandError("BASE_URL says that people work here; this is for measuring alone.")
        name = Path(str(connection.settings_dict["NAME"])).name
        if named and named != name:
            raise CommandError(f"The database is {name}, not {named}.")
        if not named and Organization.objects.exists():
            raise CommandError(
                f"There are organizations in the database {name}. To add to them all the same, "
                f"say --add-to {name}."
            )
