from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.crypto import get_random_string

from adminctr.web import demo, demo_people
from users.passwords import hash_password


class Command(BaseCommand):
    help = "Build small lively companies of demo people, once, and print how to sign in."

    def handle(self, *args: Any, **options: Any) -> None:
        kept = settings.RUN_DIR / "demo_password"
        if not demo.exists():
            self._keep_password(kept)
            demo.DemoMaker(hash_password(kept.read_text())).build()
        # A demo of an earlier release lacks them; another machine may not know its password.
        if kept.exists() and not demo_people.exists():
            demo_people.DemoPeople(hash_password(kept.read_text())).build()
        self.stdout.write("Sign in with one of these addresses:")
        for email, what in (demo.PEOPLE | demo_people.PEOPLE).items():
            self.stdout.write(f"  {email:<24} {what}")
        password = kept.read_text() if kept.exists() else "(not kept here)"
        self.stdout.write(f"Password of all of them: {password}")

    def _keep_password(self, file: Path) -> None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_text(settings.DEMO_PASSWORD or get_random_string(14))
        file.chmod(0o600)
