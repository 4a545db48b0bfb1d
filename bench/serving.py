"""Lines 24 to 27: real servers and many visitors at once."""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from django.db import connection
from django.urls import reverse

from bench import processes
from bench.engines import PASSWORD
from bench.measure import interleaved
from bench.mix import Guest
from bench.processes import BARE, PRODUCT, Server
from bench.results import Findings, Result
from bench.stage import HELLO_AUTH, Stage
from bench.visitors import Answer, Unexpected, Visitor
from domains.models import Domain

_MIX_CLIENTS, _MIX_WORKERS, _MIX_SECONDS = 16, 4, 12.0
_READERS, _READ_SECONDS = 8, 3.0
_PAGES_FOR_MEMORY = 1000
_MOST_RSS_GROWTH = 10.0
_HELLO = "/bench/hello/"
_HEALTH = "/healthz"


@dataclass(slots=True)
class Tally:
    """What came back to many visitors, counted by all of them."""

    statuses: Counter[int] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, answer: Answer) -> None:
        with self._lock:
            self.statuses[answer.status] += 1

    def fail(self, error: Exception) -> None:
        with self._lock:
            self.errors.append(f"{type(error).__name__}: {error}")

    def good(self) -> int:
        return sum(count for status, count in self.statuses.items() if status < 400)


def line_24(stage: Stage, rounds: int, findings: Findings) -> None:
    """Reads and writes at once on the engine that has one writer."""
    if connection.vendor != "sqlite":
        return
    emails = stage.let_in(_MIX_CLIENTS, PASSWORD)
    ours, deferred = _mixed(stage, emails, "IMMEDIATE"), _mixed(stage, emails, "DEFERRED")
    findings.results.append(
        Result(
            24,
            f"good answers, {_MIX_CLIENTS} clients",
            "with DEFERRED",
            ours.good() / _MIX_SECONDS,
            deferred.good() / _MIX_SECONDS,
            "1/s",
            at_least=0.9,
        )
    )
    findings.notes.append(
        f"line 24: {len(ours.errors)} errors; with DEFERRED {len(deferred.errors)}"
    )
    findings.faults += [f"line 24: {error[:300]}" for error in ours.errors[:10]]


def _mixed(stage: Stage, emails: list[str], mode: str) -> Tally:
    tally = Tally()
    environment = os.environ | {"BENCH_TRANSACTION_MODE": mode}
    domain = Domain.unscoped.get(organization=stage.large).name
    # What goes wrong is counted here, and DEFERRED would tell it at length.
    with processes.server(
        environment, workers=_MIX_WORKERS, ready=_HEALTH, is_quiet=True
    ) as server:
        guests = [
            Guest(
                Visitor(server.port, f"10.9.0.{number + 1}"),
                email,
                PASSWORD,
                domain,
                Random(number),
                tally.note,
            )
            for number, email in enumerate(emails)
        ]
        for guest in guests:
            guest.begin()
        _for_a_while(_MIX_SECONDS, [_tolerant(guest, tally) for guest in guests])
    return tally


def _tolerant(guest: Guest, tally: Tally) -> Callable[[], None]:
    def act() -> None:
        try:
            guest.act()
        except (Unexpected, OSError) as error:
            tally.fail(error)

    return act


def line_25(stage: Stage, rounds: int, findings: Findings) -> None:
    """Pages a second beside the least page of the same server."""
    email = stage.let_in(1, PASSWORD)[0]
    with processes.server(os.environ, ready=_HEALTH) as server:
        visitors = _signed_in(server, email)
        rates: dict[str, list[float]] = {reverse("users:list"): [], HELLO_AUTH: []}
        for _ in range(3):
            for url, found in rates.items():
                found.append(_rate(visitors, url))
    pages, hellos = (sorted(found)[1] for found in rates.values())
    findings.results.append(
        Result(25, "users, 8 clients", "hello-auth", pages, hellos, "1/s", at_least=0.17)
    )


def _signed_in(server: Server, email: str) -> list[Visitor]:
    visitors = [Visitor(server.port, f"10.8.0.{number + 1}") for number in range(_READERS)]
    for visitor in visitors:
        visitor.log_in(email, PASSWORD)
    return visitors


def _rate(visitors: list[Visitor], url: str) -> float:
    done = Counter[int]()

    def reading(number: int, visitor: Visitor) -> Callable[[], None]:
        def read() -> None:
            answer = visitor.get(url)
            if answer.status != 200:
                raise Unexpected(str(answer))
            done[number] += 1

        return read

    _for_a_while(_READ_SECONDS, [reading(*numbered) for numbered in enumerate(visitors)])
    return done.total() / _READ_SECONDS


def _for_a_while(seconds: float, acts: list[Callable[[], None]]) -> None:
    """Each act over and over in a thread of its own; raises RuntimeError when one breaks off."""
    until = time.monotonic() + seconds
    broken: list[BaseException] = []

    def go_on(act: Callable[[], None]) -> None:
        try:
            while time.monotonic() < until and not broken:
                act()
        except Exception as error:
            broken.append(error)

    threads = [threading.Thread(target=go_on, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if broken:
        raise RuntimeError("A visitor broke off") from broken[0]


def line_26(stage: Stage, rounds: int, findings: Findings) -> None:
    """What a worker weighs, and what it gains by a thousand pages."""
    email = stage.let_in(1, PASSWORD)[0]
    with processes.server(os.environ, application=BARE, workers=1, ready=_HELLO) as bare:
        least = max(bare.workers().values())
    with processes.server(os.environ, workers=1, ready=_HEALTH) as server:
        visitor = _signed_in(server, email)[0]
        urls = [reverse(name) for name in ("users:list", "accounts:access", "audit:list")]
        for url in urls * 20:
            visitor.get(url)
        idle = max(server.workers().values())
        for number in range(_PAGES_FOR_MEMORY):
            visitor.get(urls[number % len(urls)])
        loaded = max(server.workers().values())
    findings.results.append(
        Result(26, "a worker", "a bare Django worker", loaded, least, "MiB", at_most=1.6)
    )
    findings.notes.append(f"line 26: {idle:.0f} MiB after 60 pages, {loaded:.0f} after 1,060")
    if loaded - idle > _MOST_RSS_GROWTH:
        findings.faults.append(f"line 26: a worker grew by {loaded - idle:.0f} MiB in 1,000 pages")


def line_27(stage: Stage, rounds: int, findings: Findings) -> None:
    """From the command to the first answer."""
    took = interleaved(
        {
            "ours": lambda: _start(PRODUCT, _HEALTH),
            "bare": lambda: _start(BARE, _HELLO),
        },
        min(rounds, 5),
    )
    findings.results.append(
        Result(
            27, "start-up", "of a bare Django", took["ours"].median, took["bare"].median, at_most=2
        )
    )


def _start(application: str, page: str) -> None:
    with processes.server(os.environ, application=application, workers=1, ready=page):
        pass
