"""`python -m bench.load`: people at work on a whole console for as long as you like.

The console is two web processes and a worker on a populated database of the engine that
DATABASE_URL names, else SQLite. Any error fails the run, and so does a web process that keeps
growing.
"""

import argparse
import json
import os
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from bench import engines, processes
from bench.engines import PASSWORD
from bench.measure import percentile
from bench.mix import Guest
from bench.visitors import Answer, Unexpected, Visitor

_SHOWN_ERRORS = 10
_MINUTE = 60.0
# Until then caches fill and connections open.
_SETTLED_AFTER_MINUTES = 3
_MOST_GROWTH = 1.15
_HEALTH = "/healthz"


@dataclass(slots=True)
class Log:
    """What came back, minute by minute and in all."""

    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    requests: int = 0
    in_this_minute: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, answer: Answer) -> None:
        with self._lock:
            self.requests += 1
            self.times.append(answer.milliseconds)

    def fail(self, email: str, error: Exception) -> None:
        with self._lock:
            self.in_this_minute += 1
            text = f"{email}: {type(error).__name__}: {error}"
            self.errors.append(text)
            if len(self.errors) <= _SHOWN_ERRORS:
                print(f"ERROR {text}", file=sys.stderr, flush=True)

    def end_minute(self) -> tuple[list[float], int]:
        """The times and the number of errors since this was asked last."""
        with self._lock:
            times, self.times = self.times, []
            errors, self.in_this_minute = self.in_this_minute, 0
        return times, errors


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.load")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--users", type=int, default=10_000)
    asked = parser.parse_args()
    is_postgresql = os.environ.get("DATABASE_URL", "").startswith("postgres")
    engine = engines.POSTGRESQL if is_postgresql else engines.SQLITE
    with ExitStack() as stack:
        database = stack.enter_context(engines.populated(engine, asked.users))
        people = _people(database, asked.clients)
        worker = stack.enter_context(processes.worker(database.environment))
        server = stack.enter_context(processes.server(database.environment, ready=_HEALTH))
        log = Log()
        guests = [
            Guest(
                Visitor(server.port, f"10.7.{number >> 8}.{number & 255}"),
                email,
                PASSWORD,
                people.domain,
                Random(number),
                log.note,
            )
            for number, email in enumerate(people.emails)
        ]
        weights = _drive(guests, log, asked.minutes, server, worker.pid)
    return _judge(log, weights)


@dataclass(frozen=True, slots=True)
class People:
    emails: list[str]
    domain: str


def _people(database: engines.Database, count: int) -> People:
    """Let so many administrators in; in a process of its own, since here no models are loaded."""
    file = Path(database.environment["RUN_DIR"], "people.json")
    database.run("-m", "bench.let_in", str(count), str(file))
    return People(**json.loads(file.read_text()))


def _drive(
    guests: list[Guest], log: Log, minutes: float, server: processes.Server, worker: int
) -> list[dict[str, float]]:
    """Let everybody act until the time is over; returns what the web processes weighed."""
    over = threading.Event()
    threads = [threading.Thread(target=_work, args=[guest, log, over]) for guest in guests]
    for thread in threads:
        thread.start()
    weights, begun = [], time.monotonic()
    try:
        while (passed := time.monotonic() - begun) < minutes * _MINUTE:
            over.wait(min(_MINUTE, minutes * _MINUTE - passed))
            weights.append(server.workers())
            _tell(log, weights[-1], processes.rss(worker), begun)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    return weights


def _work(guest: Guest, log: Log, over: threading.Event) -> None:
    """Whoever meets an error comes back with a fresh session."""
    is_in = False
    while not over.is_set():
        try:
            if not is_in:
                guest.begin()
                is_in = True
            guest.act()
        except (Unexpected, OSError) as error:
            is_in = False
            log.fail(guest.email, error)
    guest.visitor.close()


def _tell(log: Log, web: dict[str, float], worker: float, begun: float) -> None:
    times, errors = log.end_minute()
    memory = ", ".join(f"{pid} {weight:.0f}" for pid, weight in web.items())
    print(
        f"{(time.monotonic() - begun) / _MINUTE:5.1f} min: {len(times):6} requests, "
        f"{errors} errors, p50 {percentile(times, 50):.0f} ms, p95 {percentile(times, 95):.0f} ms; "
        f"MiB: web {memory}, worker {worker:.0f}",
        flush=True,
    )


def _judge(log: Log, weights: list[dict[str, float]]) -> int:
    settled = weights[_SETTLED_AFTER_MINUTES - 1 :]
    grown = _growth(settled) if len(settled) > 1 else {}
    print(f"{log.requests} requests, {len(log.errors)} errors.")
    for pid, factor in grown.items():
        per_minute = (settled[-1][pid] - settled[0][pid]) / (len(settled) - 1)
        print(f"Process {pid}: {factor:.2f} times its weight, {per_minute:+.2f} MiB a minute.")
    has_grown = any(factor > _MOST_GROWTH for factor in grown.values())
    has_died = any(set(weight) != set(weights[0]) for weight in weights)
    if has_died:
        print("A web process has died meanwhile.")
    return 1 if log.errors or has_grown or has_died else 0


def _growth(weights: list[dict[str, float]]) -> dict[str, float]:
    """By how much each process that was there all the time has grown."""
    first, last = weights[0], weights[-1]
    return {pid: last[pid] / weight for pid, weight in first.items() if weight and pid in last}


if __name__ == "__main__":
    sys.exit(main())
