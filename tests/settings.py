"""The project's settings with what tests need: fast hashes, a folder of their own, mail kept.

TEST_DATABASE_URL names the database; without it the tests use SQLite.
"""

import atexit
import os
import shutil
import tempfile

_run_dir = tempfile.mkdtemp(prefix="adminctr-test-")
atexit.register(shutil.rmtree, _run_dir, ignore_errors=True)
_database = os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{_run_dir}/adminctr.sqlite3"
os.environ.update(
    {
        "READ_DOT_ENV": "false",
        "RUN_DIR": _run_dir,
        "DATABASE_URL": _database,
        "SECRET_KEY": "tests-only-and-nowhere-else-0123456789abcdef",
        "DEBUG": "false",
        "DEMO": "true",
        "BASE_URL": "http://testserver",
        "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
        "EMAIL_URL": f"filemail://{_run_dir}/mail",
        "CACHE_URL": "dbcache://cache",
        "DNS_RESOLVERS": "127.0.0.1:1",
        "LOG_LEVEL": "CRITICAL",
        "METRICS_TOKEN": "",
        "REPLICA_URLS": "",
    }
)

from adminctr.settings import *  # noqa: E402, F403, TID251

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {  # noqa: F405
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
WHITENOISE_AUTOREFRESH = True

INSTALLED_APPS += ["tests.steps"]  # noqa: F405
