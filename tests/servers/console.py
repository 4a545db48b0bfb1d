"""The console as it is run, of the product's own settings, and a browser without scripts.

`Console.prepare` and `serve_web` do what `manage.py serve` does, in steps that a test can take
apart; every process ends with the context, and what it said is in `log`.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from html import unescape
from http.cookiejar import CookieJar
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, build_opener

from django.db import connection

from adminctr.web.management.commands.serve import web_command, worker_command
from tests.servers.ports import free_port
from tests.world import PASSWORD

ROOT = Path(__file__).resolve().parents[2]
LONGEST_WAIT_SECONDS = 30
_LONGEST_START_SECONDS = 60
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


def environment(run_dir: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """What a process of the product's own settings finds, and none of what the tests set."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "adminctr.settings",
        "READ_DOT_ENV": "false",
        "RUN_DIR": str(run_dir),
        "DATABASE_URL": f"sqlite:///{run_dir}/adminctr.sqlite3",
        "CACHE_URL": "dbcache://cache",
        "EMAIL_URL": f"filemail://{run_dir}/mail",
        "DEMO": "true",
        "DEMO_PASSWORD": PASSWORD,
        "SECRET_KEY": "processes-of-tests-only-0123456789abcdef",
        "WEB_WORKERS": "1",
        "WEB_THREADS": "16",
        "LOG_LEVEL": "WARNING",
        "PYTHONWARNINGS": "error",
        **settings,
    }


def database_url() -> str:
    """The database of the test that runs, for processes beside it."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    login = ":".join(filter(None, (database["USER"], database["PASSWORD"])))
    return f"postgres://{login}@{database['HOST']}:{database['PORT']}/{database['NAME']}"


class Console:
    """One installation, of one port and one folder; its parts run until the context closes."""

    def __init__(
        self, run_dir: Path, settings: Mapping[str, str] | None = None, *, port: int = 0
    ) -> None:
        self.run_dir = run_dir
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        own = {"PORT": str(self.port), "BASE_URL": self.url, "ALLOWED_HOSTS": "127.0.0.1"}
        self.environment = environment(run_dir, own | dict(settings or {}))
        self._processes: list[subprocess.Popen[bytes]] = []
        self._serving: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._serving:  # ends what it has started, in groups of their own
            process.terminate()
            process.wait(LONGEST_WAIT_SECONDS)
        for process in self._processes:
            end(process)

    @property
    def log(self) -> str:
        """What all its processes have said."""
        return self._log_file.read_text() if self._log_file.exists() else ""

    def prepare(self) -> Self:
        """Database and static files as `manage.py serve` makes them, and the world of all tests."""
        for command in ("migrate", "collectstatic --no-input"):
            self.manage(*command.split())
        self.manage("shell", "--no-imports", "--command", "from tests import world; world.build()")
        return self

    def manage(self, *arguments: str, settings: Mapping[str, str] | None = None) -> str:
        """Run a command to its end; what it says. Fails when the command does.

        `settings` are those of this command alone.
        """
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment | dict(settings or {}),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def serve(self) -> subprocess.Popen[bytes]:
        """All of it by `manage.py serve`, once it can do its work."""
        process = self.start([sys.executable, "manage.py", "serve"])
        self._serving.append(process)
        until(lambda: self._is_up(process, "/readyz"), _LONGEST_START_SECONDS)
        return process

    def serve_web(self) -> subprocess.Popen[bytes]:
        """The web server alone, once it answers."""
        process = self.start(web_command())
        until(lambda: self._is_up(process, "/healthz"))
        return process

    def serve_worker(self, interval: float = 0.1) -> subprocess.Popen[bytes]:
        return self.start([*worker_command(), "--interval", str(interval)])

    def start(self, command: list[str]) -> subprocess.Popen[bytes]:
        """A process in a group of its own, so that its children end with it."""
        self.run_dir.mkdir(parents=True, exist_ok=True)
        with self._log_file.open("ab") as log:
            process = self._popen(command, log)
        self._processes.append(process)
        return process

    def _popen(self, command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    @property
    def _log_file(self) -> Path:
        return self.run_dir / "console.log"

    def _is_up(self, process: subprocess.Popen[bytes], url: str) -> bool:
        assert process.poll() is None, self.log
        try:
            return Browser(self.url).get(url).status == 200
        except OSError:
            return False


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and those of its group at once."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def children(process: subprocess.Popen[bytes]) -> list[int]:
    """The processes that a process has started, such as gunicorn's workers."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(pid) for pid in listed.split()]


def until(
    condition: Callable[[], object],
    seconds: float = LONGEST_WAIT_SECONDS,
    *,
    pause: float = 0.05,
) -> None:
    """Look again after each pause, in seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(pause)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server has answered, after how many seconds."""

    status: int
    headers: Mapping[str, str]
    text: str
    seconds: float

    @property
    def location(self) -> str:
        """The path that it leads to."""
        return urlsplit(self.headers["Location"]).path


class _Stay(HTTPRedirectHandler):
    """Leaves redirects to the test."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Browser:
    """Keeps cookies, sends forms as they stand on the page, and follows nothing by itself.

    Its `url` may be changed to another web process of the same installation.
    """

    def __init__(self, url: str, *, timeout: float = LONGEST_WAIT_SECONDS) -> None:
        self.url = url
        self.cookies = CookieJar()
        self._timeout = timeout
        self._opener = build_opener(HTTPCookieProcessor(self.cookies), _Stay())

    def get(self, path: str) -> Answer:
        return self._ask(path, None)

    def post(self, path: str, **fields: str) -> Answer:
        """The fields as they are given, with the token of the last page that had a form."""
        secret = {one.name: one.value or "" for one in self.cookies}.get("csrftoken", "")
        return self._ask(path, {"csrfmiddlewaretoken": secret} | fields)

    def submit(self, path: str, **fields: str) -> Answer:
        """Open the page, fill its form and send it."""
        return self.post(path, **self.hidden_fields(path) | fields)

    def hidden_fields(self, path: str) -> dict[str, str]:
        """What the form of a page sends by itself."""
        page = self.get(path)
        assert page.status == 200, page
        return {name: unescape(value) for name, value in _HIDDEN.findall(page.text)}

    def log_in(self, address: str, password: str = PASSWORD) -> Self:
        answer = self.submit("/login/", login=address, password=password)
        assert answer.status == 302, answer
        return self

    def _ask(self, path: str, fields: dict[str, str] | None) -> Answer:
        """Raises OSError where nobody answers."""
        data = None if fields is None else urlencode(fields).encode()
        begun = time.monotonic()
        try:
            response: Any = self._opener.open(self.url + path, data, timeout=self._timeout)
        except HTTPError as refused:
            response = refused
        except URLError as failed:
            if isinstance(failed.reason, OSError):
                raise failed.reason from failed
            raise
        with response:
            text = response.read().decode()
            headers = dict(response.headers)
            return Answer(response.status, headers, text, time.monotonic() - begun)
