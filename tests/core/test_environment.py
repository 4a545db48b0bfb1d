"""What the environment says becomes settings, or an error that says what to write."""

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis
from django.utils.module_loading import import_string

from adminctr import environment
from tests.architecture.source import ROOT

SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": "x"}
POSTGRESQL = {"ENGINE": "django.db.backends.postgresql", "NAME": "x"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (" , ", []),
        ("10.0.0.53", [("10.0.0.53", 53)]),
        ("127.0.0.1:5301", [("127.0.0.1", 5301)]),
        ("127.0.0.1:5301, 127.0.0.1:5302", [("127.0.0.1", 5301), ("127.0.0.1", 5302)]),
        ("[::1]:5301", [("::1", 5301)]),
    ],
)
def test_resolvers_are_hosts_with_ports(text: str, found: list[tuple[str, int]]) -> None:
    assert environment.resolvers(text) == found


def test_a_folder_for_mail_is_taken_as_it_stands() -> None:
    made = environment.mailer("filemail:///var/my%20mail")
    assert made["BACKEND"].endswith("filebased.EmailBackend")
    assert made["OPTIONS"]["file_path"] == Path("/var/my mail")


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("smtp://", {"host": "localhost", "port": 25}),
        ("smtp://mail.example:2525", {"host": "mail.example", "port": 2525}),
        ("smtp+tls://mail.example", {"host": "mail.example", "port": 587, "use_tls": True}),
        ("smtp+tls://mail.example:2525", {"host": "mail.example", "port": 2525, "use_tls": True}),
        ("smtp+ssl://mail.example", {"host": "mail.example", "port": 465, "use_ssl": True}),
        (
            "smtp://me%40x.example:p%3Aw%2F@mail.example",
            {"host": "mail.example", "port": 25, "username": "me@x.example", "password": "p:w/"},
        ),
    ],
)
def test_a_mail_server_is_spelled_as_a_url(url: str, options: dict[str, object]) -> None:
    made = environment.mailer(url)
    assert made["BACKEND"].endswith("smtp.EmailBackend")
    assert made["OPTIONS"].pop("timeout") > 0
    assert made["OPTIONS"] == {"use_tls": False, "use_ssl": False} | options


@pytest.mark.parametrize(
    "url", ["", "mail.example", "http://mail.example", "imap://x", "consolemail://"]
)
def test_an_unknown_mailer_is_told_what_to_write(url: str) -> None:
    with pytest.raises(ValueError, match="EMAIL_URL: use smtp://"):
        environment.mailer(url)


def test_a_cache_is_one_that_processes_share() -> None:
    assert environment.cache("dbcache://counts")["LOCATION"] == "counts"
    redis = environment.cache("redis://10.0.0.1:6379/2")
    assert redis["BACKEND"].endswith("redis.RedisCache")
    assert redis["LOCATION"] == "redis://10.0.0.1:6379/2"
    assert environment.cache("rediss://x:1/0")["BACKEND"].endswith("redis.RedisCache")


def test_a_cache_on_redis_lacks_no_client() -> None:
    """Nobody listens there, and it is the client who says so."""
    made = environment.cache("redis://127.0.0.1:1/0")
    cache = import_string(made["BACKEND"])(made["LOCATION"], {})
    with pytest.raises(redis.exceptions.ConnectionError):
        cache.get("anything")


@pytest.mark.parametrize("url", ["", "locmem://", "dummy://", "memcached://x"])
def test_a_cache_that_processes_do_not_share_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="CACHE_URL: use dbcache://"):
        environment.cache(url)


def test_sqlite_locks_at_the_beginning_and_keeps_foreign_keys(tmp_path: Path) -> None:
    made = environment.database(SQLITE, tmp_path)
    assert made["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "foreign_keys=ON" in made["OPTIONS"]["init_command"]
    assert "journal_mode=WAL" in made["OPTIONS"]["init_command"]
    assert "recursive_triggers=ON" in made["OPTIONS"]["init_command"]
    assert made["TEST"]["NAME"] == str(tmp_path / "test.sqlite3")


def test_postgresql_notices_a_connection_that_was_lost(tmp_path: Path) -> None:
    made = environment.database(POSTGRESQL, tmp_path)
    assert made["CONN_HEALTH_CHECKS"]


def test_postgresql_is_waited_for_as_long_as_its_url_says(tmp_path: Path) -> None:
    usual = environment.database(POSTGRESQL, tmp_path)["OPTIONS"]
    assert usual["connect_timeout"] == 2
    url = POSTGRESQL | {"OPTIONS": {"connect_timeout": 9, "sslmode": "require"}}
    assert environment.database(url, tmp_path)["OPTIONS"] == usual | url["OPTIONS"]


def test_a_replica_is_given_up_soon() -> None:
    made = environment.replicas(["postgres://me:x@10.0.0.2/console", "postgres://me@10.0.0.3/c"])
    assert [(name, one["HOST"]) for name, one in made.items()] == [
        ("replica1", "10.0.0.2"),
        ("replica2", "10.0.0.3"),
    ]
    assert made["replica1"]["OPTIONS"]["connect_timeout"] == 2
    assert made["replica1"]["CONN_HEALTH_CHECKS"]
    assert environment.replicas([]) == {}


def test_only_postgresql_has_replicas() -> None:
    with pytest.raises(ValueError, match="REPLICA_URLS: use postgres"):
        environment.replicas(["sqlite:///copy.sqlite3"])


def test_logs_are_lines_or_objects() -> None:
    with pytest.raises(ValueError, match="LOG_FORMAT: use line or json"):
        environment.logging("xml", level="INFO", with_requests=True)


def test_a_given_secret_is_used_and_none_is_made(tmp_path: Path) -> None:
    assert environment.secret_key("given", tmp_path / "run") == "given"
    assert list((tmp_path / "run").iterdir()) == []


def test_a_secret_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    made = environment.secret_key("", run_dir)
    assert len(made) >= 64
    assert environment.secret_key("", run_dir) == made
    assert environment.secret_key("", tmp_path / "other") != made
    assert [file.name for file in run_dir.iterdir()] == ["secret_key"]
    assert stat.S_IMODE((run_dir / "secret_key").stat().st_mode) == 0o600
    assert stat.S_IMODE(run_dir.stat().st_mode) == 0o700


def test_whoever_starts_at_the_same_time_gets_the_same_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = set(threads.map(lambda _: environment.secret_key("", tmp_path / "run"), range(16)))
    assert len(made) == 1


@pytest.mark.parametrize(
    ("base_url", "hosts"),
    [
        ("http://localhost:8000", ["127.0.0.1", "localhost"]),
        ("http://127.0.0.1:8000", ["127.0.0.1", "localhost"]),
        ("https://admin.acme.example", ["admin.acme.example"]),
        ("https://admin.acme.example:8443/", ["admin.acme.example"]),
    ],
)
def test_the_hosts_that_are_answered_come_from_the_base_url(
    base_url: str, hosts: list[str]
) -> None:
    assert environment.hosts_of(base_url) == hosts


def test_a_cookie_is_tied_to_its_host_on_https() -> None:
    assert environment.cookie_name("sessionid", True) == "__Host-sessionid"
    assert environment.cookie_name("sessionid", False) == "sessionid"


def test_every_variable_is_in_the_example() -> None:
    read = re.findall(
        r'\benv(?:\.\w+)?\(\s*"([A-Z_]+)"', (ROOT / "adminctr/settings.py").read_text()
    )
    told = re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert len(read) > 30
    assert set(read) - {"READ_DOT_ENV"} == set(told)
