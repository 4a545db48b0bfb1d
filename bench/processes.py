"""Web servers and workers as processes: started, waited for, weighed and ended."""

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.engines import ROOT

PRODUCT, BARE = "adminctr.wsgi", "bench.bare"

_START_SECONDS = 60.0
_GRACE_SECONDS = 15


class Server:
    """A running gunicorn, as `manage.py serve` starts it."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.port = port

    def workers(self) -> dict[str, float]:
        """The resident memory of each worker in MiB, by its process id."""
        return {str(pid): rss(pid) for pid in _children_of(self.process.pid)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(
    environment: Mapping[str, str],
    *,
    ready: str,
    workers: int = 2,
    application: str = PRODUCT,
    is_quiet: bool = False,
) -> Iterator[Server]:
    """Serve until the block ends; entered once the page `ready` answers."""
    port = free_port()
    bind = ["--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    sizes = ["--workers", str(workers), "--threads", "4"]
    # gunicorn.conf.py reads the product's settings, which a bare project cannot then replace.
    config = ["--config", "python:bench"] if application == BARE else []
    command = [sys.executable, "-m", "gunicorn", application, *config, *bind, *sizes]
    with _running(command, environment, is_quiet=is_quiet) as process:
        _wait_for(port, ready, process)
        yield Server(process, port)


@contextmanager
def worker(environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with _running([sys.executable, "manage.py", "work"], environment) as process:
        yield process


def rss(pid: int) -> float:
    """Resident memory in MiB; 0 for a process that is gone."""
    return _mebibytes(str(pid), "VmRSS")


def own_peak() -> float:
    """The most memory in MiB that was resident in this process.

    Not ru_maxrss, which begins with that of the parent.
    """
    return _mebibytes("self", "VmHWM")


def _mebibytes(process: str, figure: str) -> float:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(figure)), 0.0)


@contextmanager
def _running(
    command: list[str], environment: Mapping[str, str], *, is_quiet: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    errors = subprocess.DEVNULL if is_quiet else None
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=errors, start_new_session=True
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(port: int, page: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_START_SECONDS)
        try:
            connection.request("GET", page)
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.01)
        finally:
            connection.close()
    raise RuntimeError("The server did not answer.")


def _children_of(parent: int) -> list[int]:
    """By asking every process who its parent is; one that ends meanwhile is none."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(after_name[1]) == parent:
            found.append(int(entry.parent.name))
    return sorted(found)
