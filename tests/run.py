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
IN_CI = os.environ.get("CI") == "true"


def main() -> int:
    left_out = []
    browser = shutil.which("chromium")
    if not browser:
        left_out.append("browser tests: no chromium on the path")
    runs = [("SQLite", {}, [] if browser else ["-m", "not browser"])]
    if url := postgresql_url():
        # The browser's journeys need one engine; everything else runs on both.
        runs.append(("PostgreSQL", {"TEST_DATABASE_URL": url}, ["-m", "not browser"]))
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
    for name, environment, selection in runs:
        begun = time.monotonic()
        print(f"--- {name}", flush=True)
        command = [sys.executable, "-m", "pytest", *_merged(selection, sys.argv[1:])]
        worst = max(
            worst, subprocess.run(command, cwd=ROOT, env=os.environ | environment).returncode
        )
        print(f"--- {name}: {time.monotonic() - begun:.0f} s", flush=True)
    for what in left_out:
        print(f"Left out: {what}")
    return worst


def _merged(selection: list[str], arguments: list[str]) -> list[str]:
    """One `-m` out of two, since pytest knows only the last."""
    if "-m" in arguments and selection:
        at = arguments.index("-m") + 1
        both = f"({arguments[at]}) and ({selection[1]})"
        return [*arguments[:at], both, *arguments[at + 1 :]]
    return selection + arguments


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
