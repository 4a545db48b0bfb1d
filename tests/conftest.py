"""What every test may use: the people of the demo, signed-in clients, the queue and the mail."""

import gc
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.cache import caches
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client, TestCase, TransactionTestCase
from django.test.utils import CaptureQueriesContext
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from adminctr import environment
from adminctr.core.actor import Actor, Origin
from adminctr.web import invariants
from organizations import policy
from organizations.models import Organization
from tests import network, snapshot, world
from tests.servers.redis import Redis
from tests.watch import Watch
from tests.workers import run_what_is_due
from users import sessions
from users.models import User
from users.sessions import SessionStore

pytest_plugins = ["tests.servers.installations"]

network.close()

# A fifth of the time of a test went into looking for cycles among what stays anyway.
gc.set_threshold(100_000, 50, 100)

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("any machine", deadline=None, database=None)
hypothesis.settings.load_profile("any machine")


_GROUPS = {
    "tests/browser/": "browser",
    "tests/faults/": "processes",
    "tests/fleet/": "processes",
    "tests/races/": "processes",
    "tests/queue/test_processes.py": "processes",
}


class _InGroups(LoadScopeScheduling):
    """Keeps a group on one worker; pytest 9.2 hides the marks that xdist 3.8 reads it from."""

    def _split_scope(self, nodeid: str) -> str:
        groups = (group for place, group in _GROUPS.items() if nodeid.startswith(place))
        return next(groups, nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return _InGroups(config, log)


# One database a process, with the world in it


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """What a test commits is undone by putting the whole database back."""
    with django_db_blocker.unblock():
        world.build()
        whole = snapshot.take()
        connection.execute_wrappers.append(_watch)
    gc.freeze()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: whole.put_back())
        yield
    with django_db_blocker.unblock():
        whole.forget()


class Once(Protocol):
    """Makes something for all tests of a module."""

    def __call__[T](self, call: Callable[[], T]) -> T: ...


@pytest.fixture(scope="module")
def once(django_db_setup: None, django_db_blocker: Any) -> Iterator[Once]:
    """Makes what every test of a module begins with; undone after the last of them.

    Each test still has a savepoint of its own. Those that ask for less may find it there too.
    """
    with django_db_blocker.unblock():
        around = TestCase._enter_atomics()  # type: ignore[attr-defined]

    def make[T](call: Callable[[], T]) -> T:
        with django_db_blocker.unblock():
            return call()

    yield make
    with django_db_blocker.unblock():
        TestCase._rollback_atomics(around)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def shared_sids(once: Once) -> dict[str, str]:
    from tests.pages.addresses import sids_of  # which needs what stands below

    return once(lambda: sids_of(Organization.objects.get(name="Acme")))


@pytest.fixture
def sids(db: None, shared_sids: dict[str, str]) -> dict[str, str]:
    """One of each kind that belongs to Acme, for the addresses of pages."""
    return shared_sids


_watch = Watch()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    _watch.begin()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """After every test that changed the database, the invariants must hold."""
    result = yield
    names = set(getattr(item, "fixturenames", ()))
    if item.get_closest_marker("breaks_invariants"):
        return result
    if "transactional_db" in names:  # other processes write, which no wrapper sees
        assert invariants.faults() == []
    elif "db" in names:
        assert _watch.faults() == []
    return result


# People and organizations


def _user(name: str) -> Callable[..., User]:
    def find(db: None) -> User:
        return User.objects.get(email=name)

    return find


ana = pytest.fixture(name="ana")(_user("ana@acme.example"))
ben = pytest.fixture(name="ben")(_user("ben@acme.example"))
cy = pytest.fixture(name="cy")(_user("cy@acme.example"))
ida = pytest.fixture(name="ida")(_user("ida@freelance.example"))
eve = pytest.fixture(name="eve")(_user("eve@globex.example"))
sue = pytest.fixture(name="sue")(_user("sue@support.example"))


@pytest.fixture
def acme(db: None) -> Organization:
    return Organization.objects.get(name="Acme")


@pytest.fixture
def globex(db: None) -> Organization:
    return Organization.objects.get(name="Globex")


def acting(user: User) -> Actor:
    """The actor that a page would make of this person."""
    return policy.actor_for(user)


_BACKEND = "users.sign_in.PasswordBackend"


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    """A browser in which somebody logged in before, with a second factor.

    Only the session is left of that.
    """

    def make(user: User, *, second_factor: str = "app") -> Client:
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = _BACKEND
        session[HASH_SESSION_KEY] = User.objects.get(pk=user.pk).get_session_auth_hash()
        sessions.begin(session, Origin(ip="127.0.0.1"))
        sessions.note_second_factor(session, second_factor)
        session.save(must_create=True)
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
        return client

    return make


@pytest.fixture
def log_in() -> Callable[[User], Client]:
    """A browser in which somebody logs in just now, with all that this leaves behind."""

    def make(user: User) -> Client:
        client = Client()
        client.force_login(user, backend=_BACKEND)
        return client

    return make


# The queue, the mail and the cost of a page


@pytest.fixture
def work(db: None) -> Callable[[], int]:
    """Run everything that is queued and due, as a worker does; returns how many tasks ran."""
    return run_what_is_due


@pytest.fixture
def deliver(
    work: Callable[[], int], mailoutbox: list[EmailMessage]
) -> Callable[[], list[EmailMessage]]:
    """Send what is queued; returns the mails that left now."""

    def run() -> list[EmailMessage]:
        before = len(mailoutbox)
        work()
        return mailoutbox[before:]

    return run


# What counts tries: a table of the database, or Redis


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    with Redis() as server:
        yield server


@pytest.fixture
def on_redis(redis_server: Redis, settings: Any) -> Iterator[None]:
    settings.CACHES = {"default": environment.cache(redis_server.url)}
    yield
    caches["default"].clear()
    caches["default"].close()


@pytest.fixture(params=["database", "redis"])
def each_cache(request: pytest.FixtureRequest) -> None:
    """Run a test in each of the two."""
    if request.param == "redis":
        request.getfixturevalue("on_redis")


@pytest.fixture
def count_queries() -> Callable[[Callable[[], Any]], int]:
    def count(call: Callable[[], Any]) -> int:
        with CaptureQueriesContext(connection) as captured:
            call()
        return len(captured)

    return count
