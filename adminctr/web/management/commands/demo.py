from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.crypto import get_random_string

from adminctr.web import demo
from users.passwords import hash_password


class Command(BaseCommand):
    help = "Build a small lively world of demo people, once, and print how to sign in."

    def handle(self, *args: Any, **options: Any) -> None:
        kept = settings.RUN_DIR / "demo_password"
        if not demo.exists():
            password = settings.DEMO_PASSWORD or get_random_string(14)
            settings.RUN_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
            kept.write_text(password)
            kept.chmod(0o600)
            demo.DemoMaker(hash_password(password)).build()
        password = kept.read_text() if kept.exists() else "(not kept here)"
        self.stdout.write("Sign in with one of these addresses:")
        for email, what in demo.PEOPLE.items():
            self.stdout.write(f"  {email:<24} {what}")
        self.stdout.write(f"Password of all of them: {password}")
