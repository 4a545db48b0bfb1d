"""Lists read from a real replica that follows by streaming, is behind, and goes away."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from adminctr.web import replicas
from tests.servers.console import Browser, Console, until
from tests.servers.postgresql import PostgreSQL
from tests.servers.replica import Replica

PENDING = "/admin-center/users/pending/"
EXPORT = "/admin-center/access/export/"
LAG_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Site:
    console: Console
    replica: Replica

    def browser(self, name: str) -> Browser:
        """Of somebody who has not changed anything for a while."""
        browser = Browser(self.console.url).log_in(f"{name}@acme.example")
        forget_change(browser)
        return browser

    @contextmanager
    def behind(self) -> Iterator[None]:
        """What is written now comes to the replica later."""
        until(self.replica.has_followed)
        self.replica.pause()
        try:
            yield
        finally:
            self.replica.resume()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with PostgreSQL() as primary, Replica(primary) as replica:
        settings = {
            "DATABASE_URL": primary.url(),
            "REPLICA_URLS": replica.url(),
            "REPLICA_LAG_SECONDS": str(LAG_SECONDS),
        }
        with Console(tmp_path_factory.mktemp("replicated"), settings) as console:
            console.prepare().serve_web()
            yield Site(console, replica)


def forget_change(browser: Browser) -> None:
    browser.cookies.clear("127.0.0.1", "/", "changed")


def invite(browser: Browser, email: str) -> None:
    answer = browser.submit("/admin-center/users/invite/", email=email, role="standard")
    assert answer.status == 303, answer


def test_whoever_changes_something_sees_it_before_the_replica_does(site: Site) -> None:
    ana, another = site.browser("ana"), site.browser("ana")
    with site.behind():
        invite(ana, "nell@acme.example")
        assert "nell@acme.example" in ana.get(PENDING).text
        assert "nell@acme.example" not in another.get(PENDING).text
        [note] = [one for one in ana.cookies if one.name == "changed"]
        assert 0 < (note.expires or 0) - time.time() <= LAG_SECONDS
        forget_change(ana)
        assert "nell@acme.example" not in ana.get(PENDING).text
    until(lambda: "nell@acme.example" in another.get(PENDING).text)


def test_a_session_is_never_read_from_a_replica(site: Site) -> None:
    with site.behind():
        ana = site.browser("ana")
        assert ana.get(PENDING).status == 200
        ana.submit("/logout/")
        forget_change(ana)
        assert ana.get(PENDING).status == 302


def make_standard(browser: Browser, email: str) -> None:
    row = browser.get("/admin-center/users/").text.partition(email)[0]
    sid = row.rpartition("/admin-center/users/")[2].partition("/")[0]
    answer = browser.submit(f"/admin-center/users/{sid}/change-role/", role="standard")
    assert answer.status == 303, answer


def test_a_role_is_never_read_from_a_replica(site: Site) -> None:
    ana, fay = site.browser("ana"), site.browser("fay")
    assert fay.get(PENDING).status == 200
    with site.behind():
        make_standard(ana, "fay@acme.example")
        assert fay.get(PENDING).status == 403


def test_an_export_is_read_where_the_list_is(site: Site) -> None:
    ana = site.browser("ana")
    form = ana.hidden_fields("/admin-center/access/")
    with site.behind():
        make_standard(ana, "ben@acme.example")
        assert roles_in(ana.post(EXPORT, **form).text, "ben") == {"Standard User"}
        forget_change(ana)
        assert roles_in(ana.post(EXPORT, **form).text, "ben") == {"Administrator"}


def roles_in(export: str, name: str) -> set[str]:
    """The roles in the organization that an export says somebody has now."""
    lines = [line for line in export.splitlines() if f"{name}@acme.example" in line]
    return {role for role in ("Administrator", "Standard User") for line in lines if role in line}


def test_lists_are_read_from_the_primary_while_the_replica_is_away(site: Site) -> None:
    ana = site.browser("ana")
    assert ana.get(PENDING).status == 200
    site.replica.stop()
    try:
        for _ in range(3):
            assert ana.get(PENDING).status == 200
        assert ana.post(EXPORT, **ana.hidden_fields("/admin-center/access/")).status == 200
        assert site.console.log.count("replica1 is away") == 1
    finally:
        site.replica.start()
        time.sleep(replicas._LEFT_ALONE_SECONDS)  # whichever test comes next reads it again
