import signal
import socket
import subprocess
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from adminctr.core.outages import outage_of

_GRACE_SECONDS = 10


def web_command() -> list[str]:
    config = str(settings.BASE_DIR / "gunicorn.conf.py")
    return [sys.executable, "-m", "gunicorn", "--config", config, "--log-level", "warning"]


def worker_command() -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), "work"]


class Command(BaseCommand):
    help = "Prepare the database and run the console with its background worker."
    requires_system_checks = []  # they need the database too: asked where its outage is told

    def handle(self, *args: Any, **options: Any) -> None:
        self._require_free_port()
        self._prepare()
        if settings.DEMO:
            self.stdout.write(f"Mailbox of the demo: {settings.BASE_URL}/mailbox/")
        elif "file_path" in settings.MAILERS["default"].get("OPTIONS", {}):
            self.stdout.write("Mail is written to a folder; set EMAIL_URL to send it.")
        self.stdout.write(f"{settings.PRODUCT_NAME}: {settings.BASE_URL}")
        self.stdout.flush()
        # Sessions of their own: Ctrl-C reaches this process alone, which ends them in order.
        children = [
            subprocess.Popen(command, start_new_session=True)
            for command in (web_command(), worker_command())
        ]
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        try:
            while all(child.poll() is None for child in children):
                time.sleep(0.5)
            raise CommandError("The web server or the worker has stopped; stopping the other.")
        finally:
            self._end(children)

    def _prepare(self) -> None:
        try:
            self.check()
            call_command("migrate", verbosity=0, interactive=False)
            call_command("collectstatic", verbosity=0, interactive=False)
            if settings.DEMO:
                call_command("demo", stdout=self.stdout)
        except (DatabaseError, OSError) as error:
            if outage := outage_of(error):
                raise CommandError(f"{outage} {error}") from error
            raise

    def _require_free_port(self) -> None:
        family = socket.AF_INET6 if ":" in settings.BIND else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.BIND, settings.PORT))
            except OSError as taken:
                raise CommandError(
                    f"Port {settings.PORT} of {settings.BIND} is taken. Stop what listens there, "
                    f"or choose another, such as PORT={settings.PORT + 1}."
                ) from taken

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
