"""Line 19: logging in beside the hash that it cannot spare, and beside other people's pages."""

import os
import threading
from itertools import count

from django.contrib.auth.hashers import check_password
from django.test import Client
from django.urls import reverse

from bench import processes
from bench.engines import PASSWORD
from bench.measure import interleaved, percentile
from bench.results import Findings, Result
from bench.stage import Stage
from bench.visitors import Visitor
from users.models import User

_AT_ONCE = 4
_PAGES = 60
_HEALTH = "/healthz"
_addresses = count(1)


def line_19(stage: Stage, rounds: int, findings: Findings) -> None:
    emails = stage.let_in(1 + _AT_ONCE, PASSWORD)
    encoded = User.objects.values_list("password", flat=True).get(email=emails[0])
    took = interleaved(
        {
            "log-in": lambda: _log_in(emails[0]),
            "hash": lambda: check_password(PASSWORD, encoded),
        },
        rounds,
    )
    findings.results.append(
        Result(
            19, "log-in", "its hash alone", took["log-in"].median, took["hash"].median, at_most=1.15
        )
    )
    with processes.server(os.environ, ready=_HEALTH) as server:
        alone, beside = _beside_log_ins(server.port, emails)
    findings.results.append(
        Result(19, "p95 beside 4 log-ins", "p95 alone", beside, alone, at_most=2.5)
    )


def _log_in(email: str) -> None:
    """From an address of its own each time, since log-ins from one are limited."""
    client = Client(headers={"x-forwarded-for": _address()})
    response = client.post(reverse("account_login"), {"login": email, "password": PASSWORD})
    if response.status_code != 302:
        raise RuntimeError(f"The log-in answered {response.status_code}")


def _address() -> str:
    number = next(_addresses)
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def _beside_log_ins(port: int, emails: list[str]) -> tuple[float, float]:
    """The p95 of a list for one reader, first alone and then while others log in."""
    reader = Visitor(port, _address())
    reader.log_in(emails[0], PASSWORD)
    alone = _read(reader)
    over = threading.Event()
    threads = [
        threading.Thread(target=_keep_logging_in, args=[port, email, over]) for email in emails[1:]
    ]
    for thread in threads:
        thread.start()
    try:
        return alone, _read(reader)
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _read(reader: Visitor) -> float:
    times = [reader.get(reverse("users:list")).milliseconds for _ in range(_PAGES)]
    return percentile(times, 95)


def _keep_logging_in(port: int, email: str, over: threading.Event) -> None:
    while not over.is_set():
        visitor = Visitor(port, _address())
        visitor.log_in(email, PASSWORD)
        visitor.close()
