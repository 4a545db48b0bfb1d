"""Whoever has typed a password and proven nothing else is nobody on every page but the door's."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from tests.architecture.test_pages import FOREIGN, PUBLIC
from tests.pages.addresses import path_to, routes
from tests.pages.effects import assert_no_effect, browser, comparable
from tests.users.enrolled import type_password, with_app, with_recovery_codes

_DOOR = "users:second-factor"
# Leads whoever is half-way to the door instead of asking for the password again.
_LEADING_TO_THE_DOOR = {"account_login"}
ELSEWHERE = sorted(
    name for name in routes() if not name.startswith(_DOOR) and name not in _LEADING_TO_THE_DOOR
)
CLOSED = [name for name in ELSEWHERE if name not in PUBLIC | FOREIGN]


@pytest.fixture
def half(cy) -> Client:
    """Cy's browser, half-way through a log-in."""
    with_app(cy)
    with_recovery_codes(cy)
    client = browser()
    assert type_password(client, cy).headers["Location"] == reverse(_DOOR)
    return client


@pytest.fixture(autouse=True)
def _no_wait_for_name_servers(settings) -> None:
    settings.DNS_LIFETIME = timedelta(milliseconds=20)


def test_the_walk_finds_what_is_closed() -> None:
    assert len(CLOSED) > 100
    assert {"users:list", "staff:index", "profile:password", "console:home"} <= set(CLOSED)


def test_half_a_log_in_sees_what_a_stranger_sees(half, sids) -> None:
    for name in ELSEWHERE:
        url = path_to(name, sids)
        known, unknown = half.get(url), browser().get(url)
        assert known.status_code == unknown.status_code, name
        assert known.headers.get("Location") == unknown.headers.get("Location"), name
        if name != "gallery":  # which shows the time
            assert comparable(known.content) == comparable(unknown.content), name


def test_half_a_log_in_changes_nothing(half, sids) -> None:
    paths = {name: path_to(name, sids) for name in CLOSED}
    with assert_no_effect():
        for name, url in paths.items():
            known, unknown = half.post(url), browser().post(url)
            assert known.status_code == unknown.status_code, name
            assert known.headers.get("Location") == unknown.headers.get("Location"), name


def test_the_log_in_page_leads_on_to_the_door(half) -> None:
    assert half.get("/login/").headers["Location"] == reverse(_DOOR)
