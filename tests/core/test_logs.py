"""What is written about a request stays one line, whatever its address."""

import logging

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from adminctr.web import logs


def test_an_address_forges_no_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="adminctr.requests")
    request = RequestFactory().get("/x%0A2026-11-22 WARNING forged%1b[31m")
    logs.note_answer(request, HttpResponse(), 0)
    line = logs.LineFormatter().format(caplog.records[0])
    assert "\n" not in line
    assert "\x1b" not in line
    assert "/x\\n2026-11-22 WARNING forged" in line
