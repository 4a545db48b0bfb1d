"""Sending one message to one person, as text and as HTML.

Called by mail tasks only. A template's first line is the subject; the Message-ID is given by
the caller, so that a task which runs twice sends the same message twice rather than two.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from adminctr.core import lifetimes, metrics
from adminctr.core.addresses import DELETED_DOMAIN


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    content: bytes
    content_type: str


def send(
    message: str, *, to: str, key: str, attachments: Sequence[Attachment] = (), **context: Any
) -> None:
    """Render `email/<message>.txt` and `.html` and hand them to the mail server.

    Somebody who was deleted since it was queued gets nothing.
    """
    if to.endswith(f"@{DELETED_DOMAIN}"):
        return
    context |= lifetimes.in_words()
    context |= {"product_name": settings.PRODUCT_NAME, "base_url": settings.BASE_URL}
    subject, _, text = render_to_string(f"email/{message}.txt", context).partition("\n")
    html = render_to_string(f"email/{message}.html", context | {"subject": subject})
    host = urlsplit(settings.BASE_URL).hostname
    identity = hashlib.sha256(f"{message}:{key}".encode()).hexdigest()[:32]
    mail = EmailMultiAlternatives(
        subject.strip(),
        text.strip() + "\n",
        to=[to],
        headers={"Message-ID": f"<{identity}@{host}>", "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(html, "text/html")
    for one in attachments:
        mail.attach(one.name, one.content, one.content_type)
    try:
        mail.send()
    except OSError:  # those of smtplib are among them
        metrics.MAILS.labels("failed").inc()
        raise
    metrics.MAILS.labels("sent").inc()


def link(path: str) -> str:
    """An absolute link; the host comes from the settings, never from a request."""
    return f"{settings.BASE_URL}{path}"
