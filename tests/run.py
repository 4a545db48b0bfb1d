"""Runs the whole suite on every database that this machine offers, and says what is left out.

With CI=true nothing may be left out. Further arguments go to pytest.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psycopg

from tests.servers.postgresql import initdb

ROOT = Path(__file__).resolve().parent.parent
LOCAL_POSTGRESQL = "postgres://postgres@127.0.0.1:5432/adminctr"
# Installations that a test makes, on the engines that it names: once is enough.
CHOOSE_THEIR_ENGINES = ["--ignore=tests/faults", "--ignore=tests/fleet"]
IN_CI = os.environ.get("CI") == "true"


def main() -> int:
    left_out = []
    browser = shutil.which("chromium")
    if not browser:
        left_out.append("browser tests: no chromium on the path")
    runs = [("SQLite", {}, "" if browser else "not browser", [])]
    if url := postgresql_url():
        # The browser's journeys need one engine; what uses the database of the tests, both.
        on_postgresql = {"TEST_DATABASE_URL": url}
        runs.append(("PostgreSQL", on_postgresql, "not browser", CHOOSE_THEIR_ENGINES))
    else:
        left_out.append("PostgreSQL: DATABASE_URL names none and none answers locally")
    left_out += [
        f"tests under fault: no {program}"
        for program, found in (("initdb", initdb()), ("redis-server", shutil.which("redis-server")))
        if not found
    ]
    if IN_CI and left_out:
        print("\n".join(f"Missing: {what}" for what in left_out))
        return 1

    worst = 0
    for name, environment, marked, ignored in runs:
        begun = time.monotonic()
        print(f"--- {name}", flush=True)
        chosen = _marked(marked, sys.argv[1:])
        command = [sys.executable, "-m", "pytest", *ignored, *chosen]
        worst = max(
            worst, subprocess.run(command, cwd=ROOT, env=os.environ | environment).returncode
        )
        print(f"--- {name}: {time.monotonic() - begun:.0f} s", flush=True)
    for what in left_out:
        print(f"Left out: {what}")
    return worst


def _marked(marked: str, arguments: list[str]) -> list[str]:
    """The arguments with one `-m` out of two, since pytest knows only the last."""
    if not marked:
        return arguments
    if "-m" not in arguments:
        return ["-m", marked, *arguments]
    at = arguments.index("-m") + 1
    return [*arguments[:at], f"({arguments[at]}) and ({marked})", *arguments[at + 1 :]]


def postgresql_url() -> str:
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith(("postgres://", "postgresql://")):
        url = LOCAL_POSTGRESQL
    server = url.rpartition("/")[0] + "/postgres"
    try:
        psycopg.connect(server, connect_timeout=3).close()
    except psycopg.OperationalError:
        return ""
    return url


if __name__ == "__main__":
    sys.exit(main())
