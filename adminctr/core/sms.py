"""Sending one text message to one phone: into a folder, or by the API of the vendor.

Called by tasks only. What goes wrong is raised without the number, the text or the token, since
the queue keeps it.
"""

import os
import secrets
from pathlib import Path

import httpx
from django.conf import settings

from adminctr.core import clock, metrics

_TIMEOUT = httpx.Timeout(10, connect=5)
_CREATED = 201


class NotSent(Exception):
    """The vendor did not take the message; trying again may help."""


def send(to: str, text: str) -> None:
    """Hand a message to whatever SMS_URL names. Raises NotSent."""
    try:
        if "folder" in settings.TEXT_MESSAGES:
            _write(settings.TEXT_MESSAGES["folder"], to, text)
        else:
            _post(to, text)
    except (NotSent, OSError):
        metrics.TEXT_MESSAGES.labels("failed").inc()
        raise
    metrics.TEXT_MESSAGES.labels("sent").inc()


def _write(folder: Path, to: str, text: str) -> None:
    """One file for each; written under another name first, so that nobody reads half of one."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = clock.now()
    name = f"{now:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(4)}"
    partial = folder / f"{name}.partial"
    content = f"To: {to}\nDate: {now:%Y-%m-%d %H:%M:%S} UTC\n\n{text}\n"
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
    partial.rename(folder / f"{name}.txt")


def _post(to: str, text: str) -> None:
    vendor = settings.TEXT_MESSAGES
    try:
        answer = httpx.post(
            vendor["url"],
            data={"To": to, "From": vendor["sender"], "Body": text},
            auth=vendor["login"],
            timeout=_TIMEOUT,
            follow_redirects=False,
            trust_env=False,
        )
    except httpx.HTTPError as fault:
        raise NotSent(f"The vendor was not reached: {type(fault).__name__}") from None
    if answer.status_code != _CREATED:
        raise NotSent(f"The vendor answered {answer.status_code}{_code_of(answer)}")


def _code_of(answer: httpx.Response) -> str:
    """The vendor's own number for what is wrong."""
    try:
        code = answer.json().get("code")
    except (ValueError, AttributeError):
        return ""
    return f", code {code}" if isinstance(code, int) else ""
