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
        part = file.with_name(f"{file.name}.part")
        if os.path.lexists(file):
            raise CommandError(f"{file} is there already.")
        try:
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError as taken:
            raise CommandError(f"{part} is left from a copy that was broken off.") from taken
        except OSError as refused:
            raise CommandError(f"{part}: {refused.strerror}.") from refused
        try:
            _copy(Path(connection.settings_dict["NAME"]), part)
            part.rename(file)  # half a copy never passes for a whole one, however it was ended
        except BaseException:
            part.unlink()
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
