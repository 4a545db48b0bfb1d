"""People at a real server: a connection that is kept, cookies, and forms with their tokens."""

import http.client
import re
import time
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_TIMEOUT_SECONDS = 60
_LOG_IN = "/login/"
_LOG_OUT = "/logout/"


@dataclass(frozen=True, slots=True)
class Answer:
    method: str
    url: str
    status: int
    body: str
    location: str
    milliseconds: float

    def __str__(self) -> str:
        return f"{self.method} {self.url}: {self.status} {self.location}"


class Unexpected(Exception):
    """An answer that no visitor of a sound product gets."""


class Visitor:
    """One person with one browser, who comes from an address of their own."""

    def __init__(self, port: int, ip: str) -> None:
        self._port, self._ip = port, ip
        self._cookies: dict[str, str] = {}
        self._token = ""
        self._connection: http.client.HTTPConnection | None = None

    def get(self, url: str) -> Answer:
        return self._ask("GET", url)

    def post(self, url: str, **fields: str) -> Answer:
        """Send a form with the token of the page seen last."""
        body = urlencode({"csrfmiddlewaretoken": self._token, **fields})
        return self._ask("POST", url, body)

    def log_in(self, email: str, password: str) -> Answer:
        """Raises Unexpected when the door stays closed."""
        self.get(_LOG_IN)
        answer = self.post(_LOG_IN, login=email, password=password)
        if answer.status != 302:
            raise Unexpected(f"{email} could not log in: {answer}")
        return answer

    def log_out(self) -> Answer:
        return self.post(_LOG_OUT)

    def close(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None

    def _ask(self, method: str, url: str, body: str = "") -> Answer:
        begun = time.perf_counter()
        response, text = self._send(method, url, body)
        took = (time.perf_counter() - begun) * 1000
        for name, morsel in SimpleCookie(
            "; ".join(response.headers.get_all("Set-Cookie", []))
        ).items():
            self._cookies[name] = morsel.value
        if token := _TOKEN.search(text):
            self._token = token[1]
        location = response.headers.get("Location", "")
        return Answer(method, url, response.status, text, location, took)

    def _send(self, method: str, url: str, body: str) -> tuple[http.client.HTTPResponse, str]:
        """A connection that the server has closed while it was idle is opened again, once."""
        if self._connection is not None:
            try:
                return self._exchange(self._connection, method, url, body)
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self.close()
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", self._port, timeout=_TIMEOUT_SECONDS
        )
        return self._exchange(self._connection, method, url, body)

    def _exchange(
        self, connection: http.client.HTTPConnection, method: str, url: str, body: str
    ) -> tuple[http.client.HTTPResponse, str]:
        connection.request(method, url, body or None, self._headers(body))
        response = connection.getresponse()
        return response, response.read().decode()

    def _headers(self, body: str) -> dict[str, str]:
        headers = {
            "Host": "testserver",
            "X-Forwarded-For": self._ip,
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
        }
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return headers
