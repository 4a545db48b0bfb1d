import signal
import subprocess
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

_GRACE_SECONDS = 10


class Command(BaseCommand):
    help = "Prepare the database and run the console with its background worker."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        if settings.DEMO:
            call_command("demo", stdout=self.stdout)
            self.stdout.write(f"Mailbox of the demo: {settings.BASE_URL}/mailbox/")
        self.stdout.write(f"{settings.PRODUCT_NAME}: {settings.BASE_URL}")
        self.stdout.flush()
        children = [subprocess.Popen(command) for command in (self._web(), self._worker())]
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        try:
            while all(child.poll() is None for child in children):
                time.sleep(0.5)
            raise CommandError("The web server or the worker has stopped; stopping the other.")
        finally:
            self._end(children)

    def _web(self) -> list[str]:
        bind = f"{settings.BIND}:{settings.PORT}"
        gunicorn = [sys.executable, "-m", "gunicorn", "adminctr.wsgi", "--bind", bind]
        sizes = ["--workers", str(settings.WEB_WORKERS), "--threads", "4"]
        return [*gunicorn, *sizes, "--log-level", "warning"]

    def _worker(self) -> list[str]:
        return [sys.executable, str(settings.BASE_DIR / "manage.py"), "work"]

    def _stop(self, *_: Any) -> None:
        sys.exit(0)

    def _end(self, children: list[subprocess.Popen[bytes]]) -> None:
        for child in children:
            child.terminate()
        for child in children:
            try:
                child.wait(timeout=_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
