"""When a list may be read from a replica at all."""

from collections.abc import Callable

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from adminctr.web import replicas
from tests.architecture.test_tenancy import files_calling


@pytest.fixture
def _with_a_replica(settings: object) -> None:
    settings.REPLICAS = ("replica1",)  # type: ignore[attr-defined]


@pytest.mark.usefixtures("_with_a_replica")
@pytest.mark.django_db
def test_inside_a_transaction_everything_is_read_from_the_primary() -> None:
    assert replicas.alias_for(RequestFactory().get("/")) == "default"


def test_without_replicas_nothing_is_noted() -> None:
    answer = HttpResponse()
    replicas.note_change(RequestFactory().post("/"), answer)
    assert not answer.cookies


@pytest.mark.usefixtures("_with_a_replica")
@pytest.mark.parametrize(("method", "noted"), [("get", False), ("post", True)])
def test_a_form_that_was_sent_is_noted(method: str, noted: bool) -> None:
    ask: Callable[[str], HttpRequest] = getattr(RequestFactory(), method)
    answer = HttpResponse()
    replicas.note_change(ask("/"), answer)
    assert ("changed" in answer.cookies) == noted


def test_lists_and_exports_alone_ask_for_a_replica() -> None:
    assert files_calling("alias_for") == {"adminctr/web/views.py"}
