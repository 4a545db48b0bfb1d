import os
import sqlite3
from argparse import ArgumentParser
from contextlib import closing
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection


class Command(BaseCommand):
    help = "Copy the embedded database into a new file, as it is at one moment, while it is in use."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        if connection.vendor != "sqlite":
            raise CommandError(
                "This database is not embedded: use pg_dump -Fc (docs/operations.md)."
            )
        try:
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError as taken:
            raise CommandError(f"{file} is there already.") from taken
        try:
            _copy(Path(connection.settings_dict["NAME"]), file)
        except BaseException:
            file.unlink()  # half a copy must not pass for a whole one
            raise
        self.stdout.write(f"{file}: {file.stat().st_size} bytes.")


def _copy(database: Path, file: Path) -> None:
    with (
        closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(file)) as target,
    ):
        source.backup(target)
        [answer] = target.execute("PRAGMA integrity_check").fetchone()
        if answer != "ok":
            raise CommandError(f"The database is damaged: {answer}")
        target.execute("PRAGMA journal_mode=DELETE")  # one file alone, with nothing beside it
