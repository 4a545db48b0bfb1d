"""How logs are written, for people or for machines, and never with a mailed link that works."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

# Neither a quotation mark nor the backslash before it: JSON stays JSON.
_LINK = re.compile(
    r"(/(?:domain-record|invitations|password/reset/key|profile/email|signup)/)[^/\s'\"\\]+"
)

_request_id: ContextVar[str] = ContextVar("request_id", default="")
_requests = logging.getLogger("adminctr.requests")


@contextmanager
def about(request_id: str) -> Iterator[None]:
    """Every line that is written meanwhile names this request."""
    token = _request_id.set(request_id)
    try:
        yield
    finally:
        _request_id.reset(token)


def note_answer(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    """One line for each request; who asked is known by public identifiers alone."""
    if not _requests.isEnabledFor(logging.INFO):
        return
    status, duration = response.status_code, round(seconds * 1000, 1)
    known = {"method": request.method, "path": request.path, "status": status}
    if actor := getattr(request, "actor", None):
        known |= {"user": actor.sid, "organization": actor.organization_sid}
    # An address may have line ends and control characters in it: escaped, a line stays one line.
    path = request.path.encode("unicode_escape").decode("ascii")
    line = ("%s %s %d in %s ms", request.method, path, status, duration)
    _requests.info(*line, extra=known | {"duration_ms": duration})


class LineFormatter(logging.Formatter):
    """One line for a person to read."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name} {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        return _without_links(super().format(record))


class ObjectFormatter(JsonFormatter):
    """One JSON object a line, with what was said beside the message."""

    def __init__(self) -> None:
        super().__init__(
            "{levelname}{name}{message}",
            style="{",
            timestamp="time",
            rename_fields={"levelname": "level", "name": "logger"},
            reserved_attrs=[*RESERVED_ATTRS, "request"],  # Django's own, which says nothing here
        )

    def format(self, record: logging.LogRecord) -> str:
        if request_id := _request_id.get():
            record.request_id = request_id
        return _without_links(super().format(record))


def _without_links(text: str) -> str:
    return _LINK.sub(r"\1…", text)
