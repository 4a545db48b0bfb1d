"""What is written about a request stays one line, whatever its address, and opens no door."""

import logging

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse

from adminctr.web import logs
from tests.pages.addresses import routes

# The pages behind links that work for whoever has them.
LINKS = sorted(name for name, parameters in routes().items() if "token" in parameters)


def test_an_address_forges_no_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="adminctr.requests")
    request = RequestFactory().get("/x%0A2026-11-22 WARNING forged%1b[31m")
    logs.note_answer(request, HttpResponse(), 0)
    line = logs.LineFormatter().format(caplog.records[0])
    assert "\n" not in line
    assert "\x1b" not in line
    assert "/x\\n2026-11-22 WARNING forged" in line


@pytest.mark.parametrize("name", LINKS)
@pytest.mark.parametrize("formatter", [logs.LineFormatter(), logs.ObjectFormatter()])
def test_no_link_that_stands_in_a_log_works(
    name: str, formatter: logging.Formatter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="adminctr.requests")
    secret = "IkROMTIi:1vXyZ0:9f-_aB3"
    path = reverse(name, kwargs={"token": secret})
    logs.note_answer(RequestFactory().get(path), HttpResponse(), 0)
    written = formatter.format(caplog.records[0])
    assert path.partition(secret)[0] in written
    assert secret not in written


def test_every_kind_of_link_is_looked_for() -> None:
    assert {"domains:record", "invitations:show", "users:sign-up-finish"} <= set(LINKS)
