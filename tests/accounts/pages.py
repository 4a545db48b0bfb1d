"""What tests of the pages of accounts look for on them."""

import re
from html import unescape
from typing import Any

from django.http import HttpResponse
from django.test import Client

from accounts.models import Account
from tests.pages.effects import follow

LIST = "/admin-center/accounts/"
CONSOLE = "/console/accounts/"
_TAGS = re.compile(r"<[^>]+>")


def account(name: str, *, of: str = "Acme") -> Account:
    """An account of the demo."""
    rows = Account.unscoped.select_related("organization", "owner", "parent")
    return rows.get(name=name, organization__name=of)


def at(name: str, rest: str = "", *, door: str = LIST) -> str:
    """The address of a page about an account of the demo."""
    return f"{door}{account(name).sid}/{rest}"


def send(client: Client, url: str, data: dict[str, Any] | None = None) -> tuple[str, HttpResponse]:
    """Post a form that is accepted, or whose refusal leads back; where that leads, and the page."""
    answer = client.post(url, data)
    assert answer.status_code == 303, text(answer)
    return answer["Location"], follow(client, answer)


def text(response: HttpResponse) -> str:
    """What a page says, as people read it."""
    main = response.content.decode().partition("<main")[2]
    words = " ".join(unescape(_TAGS.sub(" ", main)).split())
    return re.sub(r" ([.,)])|(\() ", r"\1\2", words)


def beside(response: HttpResponse, field: str) -> str:
    """The error that stands beside a field, which is described by it."""
    body = response.content.decode()
    found = re.search(rf'<div class="field__error" id="id_{field}_error">(.*?)</div>', body, re.S)
    assert found, f"no error beside {field}"
    assert f"id_{field}_error" in body.replace(found.group(), ""), "nothing is described by it"
    return " ".join(unescape(_TAGS.sub("", found.group(1))).split()).removeprefix("Error: ")


def notices(response: HttpResponse) -> list[str]:
    """What was said on the way to this page."""
    return [str(message) for message in response.context["messages"]]
