"""What real processes tell those who watch them: lines in the log, and figures for Prometheus."""

import json
import os
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.request import Request, urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.servers.console import Browser, Console, children, until
from tests.servers.installations import Install, Installations

TOKEN = "what-prometheus-sends"
SECRET = "s" * 40


@pytest.fixture(scope="module")
def console(
    installations: Installations, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Console]:
    settings = {
        "METRICS_TOKEN": TOKEN,
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "INFO",
        "WEB_WORKERS": "2",
    }
    with installations.on_sqlite(tmp_path_factory.mktemp("watched"), **settings) as console:
        console.serve_web()
        console.serve_worker()
        yield console


def lines(console: Console) -> list[dict[str, Any]]:
    return [json.loads(line) for line in console.log.splitlines()]


def figures(console: Console) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels."""
    request = Request(f"{console.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    with urlopen(request, timeout=10) as answer:
        text = answer.read().decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def requests_of(console: Console, page: str, method: str = "GET") -> float:
    found = figures(console)
    return sum(
        value
        for (name, *labels), value in found.items()
        if name == "adminctr_requests_total" and {page, method} <= set(labels)
    )


def pids_that_count(console: Console) -> set[int]:
    files = (console.run_dir / "metrics").glob("counter_*.db")
    return {int(file.stem.partition("_")[2]) for file in files}


def test_each_request_has_one_line_that_says_who_and_what(console: Console) -> None:
    before = len(lines(console))
    ana = Browser(console.url).log_in("ana@acme.example")
    answer = ana.get("/admin-center/users/?q=secret")
    of_requests = [one for one in lines(console)[before:] if one["logger"] == "adminctr.requests"]
    last = of_requests[-1]
    assert last["request_id"] == answer.headers["X-Request-ID"]
    assert (last["method"], last["path"], last["status"]) == ("GET", "/admin-center/users/", 200)
    assert last["user"].startswith("US")
    assert last["organization"].startswith("OR")
    assert 0 < last["duration_ms"] < 10_000
    assert datetime.fromisoformat(last["time"]).tzinfo == UTC
    assert (last["level"], last["message"][:4]) == ("INFO", "GET ")
    assert [one["path"] for one in of_requests].count("/admin-center/users/") == 1
    assert "secret" not in console.log
    assert "ana@acme.example" not in console.log


def test_no_link_stands_in_the_log_of_the_server_itself(console: Console) -> None:
    Browser(console.url).get(f"/invitations/{SECRET}/")
    with socket.create_connection(("127.0.0.1", console.port), timeout=5) as raw:
        raw.sendall(f"GET /invitations/{SECRET}/ twice HTTP/1.1\r\n\r\n".encode())
        raw.recv(1000)
    until(lambda: any(one["logger"] == "gunicorn.error" for one in lines(console)))
    assert "/invitations/…/" in console.log
    assert SECRET not in console.log


def test_figures_are_for_whoever_has_the_token(console: Console) -> None:
    unknown = Browser(console.url).get("/nothing/").text
    for wrong in ({}, {"Authorization": "Bearer "}, {"Authorization": f"Bearer {TOKEN}x"}):
        request = Request(f"{console.url}/metrics", headers=wrong)
        with pytest.raises(OSError, match="404") as refused:
            urlopen(request, timeout=10)
        with refused.value as answer:
            assert answer.read().decode() == unknown


def test_requests_of_all_processes_are_added_up(console: Console) -> None:
    before = requests_of(console, "account_login")
    for _ in range(20):
        assert Browser(console.url).get("/login/").status == 200
    assert requests_of(console, "account_login") == before + 20
    found = figures(console)
    assert found["adminctr_request_seconds_count", "account_login"] >= before + 20
    assert found["adminctr_requests_in_progress", "GET"] == 1
    assert len(pids_that_count(console)) >= 2


def test_addresses_that_nobody_knows_are_counted_as_one(console: Console) -> None:
    before = requests_of(console, "none")
    for number in range(20):
        Browser(console.url).get(f"/nothing/{number}/")
    assert requests_of(console, "none") == before + 20
    assert "/nothing" not in str(figures(console))


def test_mails_and_refusals_are_counted_where_they_happen(console: Console) -> None:
    def sent() -> float:
        return figures(console).get(("adminctr_mails_total", "sent"), 0)

    until(lambda: figures(console)["adminctr_tasks", "ready"] == 0)
    before = sent()
    Browser(console.url).submit("/signup/", email="nell@fresh.example")
    until(lambda: sent() > before)
    ana = Browser(console.url).log_in("ana@acme.example")
    ana.submit("/admin-center/users/invite/", email="ben@acme.example", role="standard")
    assert figures(console)["adminctr_refusals_total", "already_member"] >= 1


def test_the_queue_is_told_in_figures(console: Console) -> None:
    until(lambda: figures(console)["adminctr_workers",] == 1)
    until(lambda: figures(console)["adminctr_tasks", "due"] == 0)
    found = figures(console)
    assert found["adminctr_database_up",] == 1
    assert found["adminctr_oldest_due_task_seconds",] == 0
    assert {"ready", "due", "running", "failed"} == {
        labels[0] for name, *labels in found if name == "adminctr_tasks"
    }


def test_counts_outlive_a_process_that_is_killed_and_its_open_requests_do_not(
    on_sqlite: Install,
) -> None:
    console = on_sqlite(METRICS_TOKEN=TOKEN, WEB_WORKERS="1")
    web = console.serve_web()
    Browser(console.url).get("/login/")
    counted = requests_of(console, "account_login")
    [worker] = children(web)
    os.kill(worker, signal.SIGKILL)
    until(lambda: children(web) and worker not in children(web))
    until(lambda: not list((console.run_dir / "metrics").glob(f"gauge_live*_{worker}.db")))
    assert requests_of(console, "account_login") == counted == 1
    os.killpg(web.pid, signal.SIGKILL)
    web.wait()
    console.serve_web()
    assert requests_of(console, "account_login") == 0
    assert worker not in pids_that_count(console)
