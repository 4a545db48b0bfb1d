"""The mailbox of a demo: what was mailed to whom, read from the folder that mail is written to."""

import email
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from itertools import chain, islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

_MOST_MAILS = 50
_SEPARATOR = b"-" * 79


@login_not_required
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """The newest mails of this demo; only mounted where DEMO is on."""
    return TemplateResponse(request, "web/mailbox.html", {"mails": list(_newest())})


def _newest() -> Iterator[dict[str, Any]]:
    files = sorted(_folder().glob("*.log"), key=lambda file: file.stat().st_mtime, reverse=True)
    for message in islice(chain.from_iterable(map(_messages, files)), _MOST_MAILS):
        body = message.get_body(("plain",))
        yield {
            "subject": message["Subject"],
            "to": message["To"],
            "date": message["Date"],
            "text": body.get_content() if body else "",
        }


def _messages(file: Path) -> Iterator[EmailMessage]:
    """The messages of one file, newest first; Django writes a line of hyphens after each."""
    for content in reversed(file.read_bytes().split(b"\n" + _SEPARATOR + b"\n")):
        if content.strip():
            yield email.message_from_bytes(content, policy=default)


def _folder() -> Path:
    options = settings.MAILERS["default"].get("OPTIONS", {})
    return Path(options.get("file_path", settings.RUN_DIR / "mail"))
