"""What visitors do: mostly look, sometimes change something, and expect to be answered well."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from random import Random

from bench.visitors import Answer, Unexpected, Visitor

READS_IN_TEN = 8
_USERS = "/admin-center/users/"
_PENDING = f"{_USERS}pending/"
_LISTS = (_USERS, _PENDING, "/admin-center/accounts/", "/admin-center/access/")
_PLACES = ("/admin-center/activity/", "/admin-center/", "/console/", "/profile/")
_SEARCHES = ("a", "an", "ann", "kov", "mia", "zzqqxx")
_NEXT = re.compile(r'href="(\?[^"]*after=[^"]+)"')
_USER = re.compile(r"/admin-center/users/(US[0-9a-f]{32})/")
_ACCOUNT = re.compile(r"/admin-center/accounts/(AC[0-9a-f]{32})/")
_INVITATION = re.compile(r"/admin-center/users/pending/(NF[0-9a-f]{32})/")
_SEEN, _DONE, _REFUSED_OR_DONE, _LED_ON = (200,), (303,), (200, 303), (302,)
# Hashing is dear on purpose: who logs in with every other change measures nothing else.
_CHANGES_PER_LOG_IN = 20

_numbers = count(1)


@dataclass(slots=True)
class Guest:
    """One administrator at work; `domain` is one whose people may be invited."""

    visitor: Visitor
    email: str
    password: str
    domain: str
    random: Random
    note: Callable[[Answer], None]

    def begin(self) -> None:
        self.note(self.visitor.log_in(self.email, self.password))

    def act(self) -> None:
        """Raises Unexpected."""
        if self.random.randrange(10) < READS_IN_TEN:
            self.random.choice(_READS)(self)
        elif self.random.randrange(_CHANGES_PER_LOG_IN) == 0:
            _come_back(self)
        else:
            self.random.choice(_WRITES)(self)

    def see(self, url: str) -> Answer:
        return self.expect(self.visitor.get(url), _SEEN)

    def send(self, url: str, allowed: tuple[int, ...] = _DONE, **fields: str) -> Answer:
        return self.expect(self.visitor.post(url, **fields), allowed)

    def expect(self, answer: Answer, allowed: tuple[int, ...]) -> Answer:
        self.note(answer)
        if answer.status not in allowed:
            raise Unexpected(str(answer))
        return answer


def _look_at_a_list(guest: Guest) -> None:
    guest.see(guest.random.choice(_LISTS))


def _go_deep(guest: Guest) -> None:
    """Some pages on, by the links that the pages show."""
    url = guest.random.choice((*_LISTS, "/admin-center/activity/"))
    page = guest.see(url)
    for _ in range(guest.random.randrange(1, 4)):
        following = _NEXT.search(page.body)
        if not following:
            return
        page = guest.see(url + html.unescape(following[1]))


def _search(guest: Guest) -> None:
    guest.see(f"{guest.random.choice(_LISTS)}?search={guest.random.choice(_SEARCHES)}")


def _look_at_one(guest: Guest) -> None:
    """Somebody, or an account, that stands on the list."""
    pattern, url = guest.random.choice(
        ((_USER, _USERS), (_ACCOUNT, "/admin-center/accounts/"), (_INVITATION, _PENDING))
    )
    if found := pattern.findall(guest.see(url).body):
        chosen = guest.random.choice(found)
        # An invitation may have been revoked by somebody else meanwhile.
        allowed = (200, 404) if pattern is _INVITATION else _SEEN
        guest.expect(guest.visitor.get(f"{url}{chosen}/"), allowed)


def _look_around(guest: Guest) -> None:
    guest.see(guest.random.choice(_PLACES))


def _invite(guest: Guest) -> None:
    guest.see(f"{_USERS}invite/")
    email = f"guest{next(_numbers)}-{guest.random.randrange(10**9)}@{guest.domain}"
    guest.send(f"{_USERS}invite/", email=email, role="standard")


def _revoke(guest: Guest) -> None:
    found = _INVITATION.findall(guest.see(_PENDING).body)
    if found:
        url = f"{_PENDING}{guest.random.choice(found)}/revoke/"
        guest.send(url, (303, 404))


def _change_role(guest: Guest) -> None:
    """Of somebody found deep in the list, who is none of the guests."""
    page = guest.see(f"{_USERS}?search={guest.random.choice('abcdefghij')}")
    rows = [row for row in page.body.split("<tr>") if "Standard User" in row and "Active" in row]
    if rows and (found := _USER.search(guest.random.choice(rows))):
        url = f"{_USERS}{found[1]}/change-role/"
        guest.see(url)
        guest.send(url, _REFUSED_OR_DONE, role="administrator", password=guest.password)


def _rename(guest: Guest) -> None:
    guest.see("/admin-center/settings/")
    name = f"Populated {guest.random.randrange(1000)}"
    guest.send("/admin-center/settings/", _REFUSED_OR_DONE, name=name)


def _prefer(guest: Guest) -> None:
    guest.see("/profile/preferences/")
    appearance = guest.random.choice(("auto", "light", "dark"))
    fields = {"appearance": appearance, "time_zone": "UTC", "has_shortcuts": "on"}
    guest.send("/profile/preferences/", _REFUSED_OR_DONE, **fields)


def _come_back(guest: Guest) -> None:
    guest.see("/console/")
    guest.expect(guest.visitor.log_out(), _LED_ON)
    guest.begin()


_READS = (_look_at_a_list, _look_at_a_list, _go_deep, _search, _look_at_one, _look_around)
_WRITES = (_invite, _invite, _revoke, _change_role, _rename, _prefer, _prefer)
