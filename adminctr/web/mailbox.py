"""The mailbox of a demo: what was sent to whom, read from the folders that it is written to."""

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
_MOST_TEXTS = 10
_SEPARATOR = b"-" * 79


@login_not_required
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """The newest mails and text messages of this demo; only mounted where DEMO is on."""
    context = {"mails": list(_newest()), "texts": list(_newest_texts())}
    return TemplateResponse(request, "web/mailbox.html", context)


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


def _newest_texts() -> Iterator[dict[str, str]]:
    """None where they go to the vendor. The names of the files begin with when they were sent."""
    folder = settings.TEXT_MESSAGES.get("folder")
    files = sorted(folder.glob("*.txt"), reverse=True) if folder else []
    for file in files[:_MOST_TEXTS]:
        head, _, text = file.read_text().partition("\n\n")
        to, date = (line.partition(": ")[2] for line in head.splitlines())
        yield {"to": to, "date": date, "text": text}


def _messages(file: Path) -> Iterator[EmailMessage]:
    """The messages of one file, newest first; Django writes a line of hyphens after each."""
    for content in reversed(file.read_bytes().split(b"\n" + _SEPARATOR + b"\n")):
        if content.strip():
            yield email.message_from_bytes(content, policy=default)


def _folder() -> Path:
    options = settings.MAILERS["default"].get("OPTIONS", {})
    return Path(options.get("file_path", settings.RUN_DIR / "mail"))
