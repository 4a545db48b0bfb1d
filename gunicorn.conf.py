"""How gunicorn serves the console, started by `manage.py serve` or as plain `gunicorn`."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adminctr.settings")

from django.conf import settings

wsgi_app = "adminctr.wsgi"
bind = f"{settings.BIND}:{settings.PORT}"
workers = settings.WEB_WORKERS
threads = settings.WEB_THREADS
logconfig_dict = settings.LOGGING
control_socket_disable = True  # one for each user's home, and several may serve on a machine

from adminctr.core import metrics  # noqa: E402  the settings, read above, say where counts are kept


def on_starting(server: Any) -> None:
    metrics.forget_ended_processes()


def child_exit(server: Any, worker: Any) -> None:
    metrics.forget_open_requests(worker.pid)
