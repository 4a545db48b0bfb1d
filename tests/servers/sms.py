"""The vendor of text messages on loopback: checks every request as the vendor does.

It keeps what it accepts in `messages`, and fails in the ways that a vendor does.
"""

import base64
import json
import re
import secrets
import threading
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs

from tests.servers.ports import free_port

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "a/token+of tests"
SENDER = "+15005550006"
_LONGEST_BODY = 1600
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
# The vendor's numbers for what a request lacks.
_MISSING = {"To": 21604, "From": 21603, "Body": 21602}
_NOT_A_NUMBER = {"To": 21211, "From": 21212}


class Mode(StrEnum):
    OK = "ok"
    BROKEN = "broken"
    BUSY = "busy"
    ELSEWHERE = "elsewhere"
    SILENT = "silent"
    DROP_AFTER_ACCEPTING = "drop after accepting"


@dataclass(frozen=True, slots=True)
class Message:
    to: str
    body: str


class Refused(Exception):
    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class SmsVendor:
    """Listens while the context is open, unless it is `down`; `tries` counts the requests.

    `asked` is set once a silent one has a request that it does not answer.
    """

    def __init__(self, mode: Mode = Mode.OK, *, down: bool = False) -> None:
        self.mode = mode
        self.port = free_port()
        self.messages: list[Message] = []
        self.tries = 0
        self.asked = threading.Event()
        self._down = down
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """What SMS_URL says of it."""
        token = TOKEN.replace("/", "%2F").replace("+", "%2B").replace(" ", "%20")
        return f"twilio://{ACCOUNT}:{token}@127.0.0.1:{self.port}?from={SENDER}"

    def __enter__(self) -> Self:
        if not self._down:
            self.listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()

    def listen(self) -> None:
        self._server = _Server(("127.0.0.1", self.port), partial(_Request, self))
        serve = partial(self._server.serve_forever, poll_interval=0.02)
        threading.Thread(target=serve, daemon=True).start()

    def take(self, path: str, headers: Any, body: bytes) -> Message:
        """Raises Refused, as the vendor words it."""
        if path != f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json":
            raise Refused(404, 20404, "The requested resource was not found")
        login = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if headers.get("Authorization") != f"Basic {login}":
            raise Refused(401, 20003, "Authenticate")
        if headers.get("Content-Type") != "application/x-www-form-urlencoded":
            raise Refused(415, 20415, "Unsupported media type")
        fields = parse_qs(body.decode(), strict_parsing=True)
        if set(fields) - set(_MISSING) or any(len(values) > 1 for values in fields.values()):
            raise Refused(400, 20001, "Unknown parameters")
        for name, code in _MISSING.items():
            if name not in fields:
                raise Refused(400, code, f"{name} is required")
        for name, code in _NOT_A_NUMBER.items():
            if not _NUMBER.fullmatch(fields[name][0]):
                raise Refused(400, code, f"{name} is not a phone number")
        if fields["From"] != [SENDER]:
            raise Refused(400, 21606, "From is not a number of this account")
        if len(fields["Body"][0]) > _LONGEST_BODY:
            raise Refused(400, 21617, "Body is too long")
        return Message(fields["To"][0], fields["Body"][0])


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Visitors hang up whenever a test likes."""


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, vendor: SmsVendor, *args: Any) -> None:
        self.vendor = vendor
        super().__init__(*args)

    def do_POST(self) -> None:
        vendor = self.vendor
        vendor.tries += 1
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if vendor.mode is Mode.SILENT:
            vendor.asked.set()
            self.rfile.read(1)  # until the visitor leaves
            return
        if vendor.mode is Mode.BROKEN:
            return self._answer(503, {"code": 20503, "message": "Service unavailable"})
        if vendor.mode is Mode.BUSY:
            return self._answer(429, {"code": 20429, "message": "Too many requests"})
        if vendor.mode is Mode.ELSEWHERE:
            return self._answer(307, {}, Location=f"http://127.0.0.1:{vendor.port}/elsewhere")
        try:
            message = vendor.take(self.path, self.headers, body)
        except Refused as refused:
            told = {"code": refused.code, "message": refused.message, "status": refused.status}
            return self._answer(refused.status, told)
        vendor.messages.append(message)
        if vendor.mode is Mode.DROP_AFTER_ACCEPTING:
            self.close_connection = True
            return None
        sid = f"SM{secrets.token_hex(16)}"
        return self._answer(201, {"sid": sid, "to": message.to, "status": "queued"})

    def log_message(self, *args: Any) -> None:
        """A test has nothing to read there."""

    def _answer(self, status: int, told: dict[str, Any], **headers: str) -> None:
        content = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
