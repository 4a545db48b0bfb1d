"""How values of the environment become settings."""

import ipaddress
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import environ
from redis.backoff import NoBackoff
from redis.retry import Retry

# Recursive triggers also refuse an INSERT OR REPLACE, which deletes without saying so.
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
    "PRAGMA recursive_triggers=ON;"
)
# Longer than any write of ours takes, and short enough that those who wait hold no page up.
_SQLITE_WAIT_SECONDS = 5
# A host that is silent holds a request for two seconds rather than for minutes.
_POSTGRESQL_PATIENCE = {"connect_timeout": 2, "tcp_user_timeout": 5000}
_REDIS_PATIENCE = {
    "socket_connect_timeout": 1,
    "socket_timeout": 1,
    "retry": Retry(NoBackoff(), retries=1),
}
_MAIL_TIMEOUT_SECONDS = 10
_SMTP_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}
_LOG_FORMATTERS = {"line": "LineFormatter", "json": "ObjectFormatter"}
# Past this number rows are dropped whether expired or not, and with them counts of tries: more than
# anybody can fill before `tidy_cache` comes.
_MOST_CACHE_ROWS = 1_000_000


def secret_key(given: str, run_dir: Path) -> str:
    """The given secret, or one of this checkout's own, made at the first start."""
    run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if given:
        return given
    kept = run_dir / "secret_key"
    if not kept.exists():
        fresh = run_dir / f"secret_key.{secrets.token_hex(4)}"
        fresh.write_text(secrets.token_urlsafe(48))
        fresh.chmod(0o600)
        try:
            kept.hardlink_to(fresh)  # whoever starts first at the same time wins
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return kept.read_text()


def hosts_of(base_url: str) -> list[str]:
    host = urlsplit(base_url).hostname or "127.0.0.1"
    return ["127.0.0.1", "localhost"] if host in {"localhost", "127.0.0.1"} else [host]


def cookie_name(name: str, is_https: bool) -> str:
    """The name with the prefix that ties a cookie to this host, which browsers allow on https."""
    return f"__Host-{name}" if is_https else name


def database(parsed: dict[str, Any], run_dir: Path) -> dict[str, Any]:
    """The database of DATABASE_URL with what each engine needs to be safe and fast."""
    if parsed["ENGINE"].endswith("sqlite3"):
        return parsed | {
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": _SQLITE_WAIT_SECONDS,
                "init_command": _SQLITE_PRAGMAS,
            },
            # A file: a live server on SQLite's shared in-memory database answers "table is locked".
            "TEST": {"NAME": str(run_dir / "test.sqlite3")},
        }
    return _postgresql(parsed)


def _postgresql(parsed: dict[str, Any]) -> dict[str, Any]:
    patience = _POSTGRESQL_PATIENCE | parsed.get("OPTIONS", {})
    return parsed | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "OPTIONS": patience}


def replicas(urls: list[str]) -> dict[str, dict[str, Any]]:
    """Databases that follow the one of DATABASE_URL, each by the name that Django calls it."""
    found = {}
    for number, url in enumerate(urls, start=1):
        parsed = environ.Env.db_url_config(url)
        if not parsed["ENGINE"].endswith("postgresql"):
            raise ValueError("REPLICA_URLS: use postgres://user:password@host:port/name")
        found[f"replica{number}"] = _postgresql(parsed)
    return found


def cache(url: str) -> dict[str, Any]:
    """A cache that all processes share: `dbcache://table` or `redis://host:port/number`."""
    parts = urlsplit(url)
    if parts.scheme == "dbcache":
        return {
            "BACKEND": "adminctr.core.counting.CountingDatabaseCache",
            "LOCATION": parts.netloc,
            "OPTIONS": {"MAX_ENTRIES": _MOST_CACHE_ROWS},
        }
    if parts.scheme in {"redis", "rediss"}:
        return {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": url,
            "OPTIONS": _REDIS_PATIENCE,
        }
    raise ValueError("CACHE_URL: use dbcache://table or redis://host:port/number")


def mailer(url: str) -> dict[str, Any]:
    """One of Django's MAILERS: `smtp://user:password@host:port`, `smtp+tls:`, `filemail:///path`."""
    parts = urlsplit(url)
    backends = "django.core.mail.backends"
    if parts.scheme == "filemail":
        folder = Path(unquote(parts.netloc + parts.path))
        return {"BACKEND": f"{backends}.filebased.EmailBackend", "OPTIONS": {"file_path": folder}}
    if parts.scheme in _SMTP_PORTS:
        options: dict[str, Any] = {
            "host": parts.hostname or "localhost",
            "port": parts.port or _SMTP_PORTS[parts.scheme],
            "timeout": _MAIL_TIMEOUT_SECONDS,
            "use_tls": parts.scheme == "smtp+tls",
            "use_ssl": parts.scheme == "smtp+ssl",
        }
        if parts.username:
            options |= {
                "username": unquote(parts.username),
                "password": unquote(parts.password or ""),
            }
        return {"BACKEND": f"{backends}.smtp.EmailBackend", "OPTIONS": options}
    raise ValueError(
        "EMAIL_URL: use smtp://host:port, smtp+tls://, smtp+ssl:// or filemail:///path"
    )


def text_messages(url: str) -> dict[str, Any]:
    """Where text messages go: `folder:/path`, or `twilio://SID:TOKEN@host?from=+15550006`.

    The API of the vendor is asked by https, and without only on this machine.
    """
    parts = urlsplit(url)
    if parts.scheme == "folder" and parts.path:
        return {"folder": Path(unquote(parts.path))}
    sender = unquote(parts.query.removeprefix("from="))  # a plus sign is no blank here
    if parts.scheme == "twilio" and parts.username and parts.password and parts.hostname:
        if not parts.query.startswith("from=+"):
            raise ValueError("SMS_URL: say who sends, such as ?from=+15005550006")
        scheme = "http" if _is_this_machine(parts.hostname) else "https"
        sid, host = unquote(parts.username), parts.netloc.rpartition("@")[2]
        return {
            "url": f"{scheme}://{host}/2010-04-01/Accounts/{quote(sid, safe='')}/Messages.json",
            "login": (sid, unquote(parts.password)),
            "sender": sender,
        }
    raise ValueError("SMS_URL: use folder:/path or twilio://SID:TOKEN@api.twilio.com?from=+1...")


def resolvers(text: str) -> list[tuple[str, int]]:
    """`host:port[,host:port]`, port 53 where none is given; empty means the system's own."""
    found = []
    for item in filter(None, (part.strip() for part in text.split(","))):
        parts = urlsplit(f"//{item}")
        found.append((parts.hostname or item, parts.port or 53))
    return found


def networks(texts: list[str]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Networks such as `10.0.0.0/8` or `fd00::/8`."""
    return tuple(ipaddress.ip_network(text) for text in texts)


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def share_metrics(folder: Path) -> None:
    """Let the processes of this machine count in files; said before the library is imported."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def logging(form: str, *, level: str, with_requests: bool) -> dict[str, Any]:
    """Python's logging as `line` or `json`; gunicorn is handed the same."""
    if form not in _LOG_FORMATTERS:
        raise ValueError("LOG_FORMAT: use line or json")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {form: {"()": f"adminctr.web.logs.{_LOG_FORMATTERS[form]}"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": form}},
        "loggers": {
            "adminctr.requests": {"level": "NOTSET" if with_requests else "WARNING"},
            "django.request": {"level": "ERROR" if with_requests else "NOTSET"},
            "django.tasks": {"level": "WARNING"},
            "django_tasks_db": {"level": "WARNING"},
            "gunicorn.error": {"handlers": ["console"], "propagate": False},
            "gunicorn.access": {"handlers": [], "propagate": False},  # adminctr.requests knows more
        },
        "root": {"handlers": ["console"], "level": level},
    }
