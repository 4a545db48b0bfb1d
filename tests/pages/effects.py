"""What a test compares to say that a request changed nothing, or the same as another."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.apps import apps
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client

_NOT_STATE = {"audit", "contenttypes", "auth"}
_SESSIONS = "users.Session"
# Written by the way by whoever opens the page of an account, as a session is by using it.
_BY_THE_WAY = {"accounts.Account": ["last_active_at"]}
_LINK = re.compile(r"http://testserver(/\S+)")
_VARYING = re.compile(
    rb'name="(?:csrfmiddlewaretoken|listed|all|plan)" value="[^"]*"|<code>[0-9a-f]{16}</code>'
)


@contextmanager
def assert_no_effect(*besides: str) -> Iterator[None]:
    """No row of any table changes, no task is queued and no mail leaves.

    The audit trail, sessions, the cache and what pages write by the way may change, and the tables
    named `besides`.
    """
    before, mails = snapshot(_SESSIONS, *besides), len(mail.outbox)
    yield
    after = snapshot(_SESSIONS, *besides)
    changed = {table for table in before if before[table] != after[table]}
    assert not changed, sorted(changed)
    assert len(mail.outbox) == mails


def link_in(message: EmailMessage) -> str:
    """The path of the first link in a mail's text."""
    found = _LINK.search(str(message.body))
    assert found, message.body
    return found.group(1)


def mails_to(address: str, messages: list[EmailMessage]) -> list[EmailMessage]:
    return [message for message in messages if message.to == [address]]


def comparable(body: bytes, *values: str) -> bytes:
    """A page without its tokens and request number, and without what was typed."""
    for value in values:
        body = body.replace(value.encode(), b"")
    return _VARYING.sub(b"", body)


def follow(client: Client, response: HttpResponse) -> HttpResponse:
    """Go where a redirect leads, as a browser does after a POST."""
    return client.get(response["Location"])


def browser(ip: str = "127.0.0.1") -> Client:
    """A browser of its own, at an address of its own."""
    return Client(REMOTE_ADDR=ip)


def snapshot(*besides: str) -> dict[str, str]:
    """What stands in every table but those named, the trail and what Django keeps."""
    models = apps.get_models(include_auto_created=True)
    return {
        one._meta.label: _digest(_rows_of(one))
        for one in models
        if one._meta.app_label not in _NOT_STATE and one._meta.label not in besides
    }


def _rows_of(model: type[Model]) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_reading(model))
        return cursor.fetchall()


@cache
def _reading(model: type[Model]) -> str:
    """As text, once: making the statement of each table anew takes longer than asking it."""
    ignored = _BY_THE_WAY.get(model._meta.label, [])
    columns = [one.attname for one in model._meta.concrete_fields if one.name not in ignored]
    return str(model._base_manager.order_by("pk").values_list(*columns).query)


def _digest(rows: list[tuple[object, ...]]) -> str:
    return hashlib.sha256(repr(rows).encode()).hexdigest()
