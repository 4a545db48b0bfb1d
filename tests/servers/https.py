"""Websites on loopback, each with a certificate of its own, that answer what a test tells them to.

Stand-alone: `python -m tests.servers.https --port N --zone FILE.json --ca FILE.pem`. It writes the
authority behind its certificates to the one file; the other is read anew for every visit and maps
hosts to sites: `{"corp.example": {"files": {"token.html": "value"}}}`, with the fields of `Site`. A
host that is not in it has no files.
"""

import argparse
import json
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import trustme

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Site:
    """What stands at one host, or how its server misbehaves.

    `files` have their content by name. A `status` is the answer to everything, with `headers` and
    `body`; `raw` is sent instead of any answer. `pause` is in seconds, before every byte. What is
    wrong with the certificate is its "name", its "issuer" or its "date".
    """

    files: Mapping[str, str] = field(default_factory=dict)
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    raw: str = ""
    pause: float = 0
    silent: bool = False
    closes: bool = False
    wrong_certificate: str = ""


Sites = Mapping[str, Site]


@dataclass(frozen=True, slots=True)
class Request:
    host: str
    path: str
    headers: Mapping[str, str]


class WebServer:
    """All sites on one free port, while the context is open; they are set by item."""

    def __init__(self, port: int = 0, sites: Callable[[], Sites] | None = None) -> None:
        self._own: dict[str, Site] = {}
        self.connections = 0
        self.requests: list[Request] = []
        self.authority = trustme.CA()
        self._server = _Server(("127.0.0.1", port), _Visit)
        self._server.log = self
        self._server.sites = sites or (lambda: self._own)
        self._server.context = _context_of(self.authority, self._server.site)
        self.port: int = self._server.server_address[1]

    def __setitem__(self, host: str, site: Site) -> None:
        self._own[host] = site

    def __enter__(self) -> Self:
        serve = partial(self._server.serve_forever, poll_interval=0.02)
        threading.Thread(target=serve, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def publish(self, host: str, name: str, content: str) -> None:
        """Let this one file stand at the top of a website."""
        self[host] = Site(files={name: content})


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 64
    log: WebServer
    sites: Callable[[], Sites]
    context: ssl.SSLContext

    def site(self, host: str) -> Site:
        return self.sites().get(host, Site())

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Visitors hang up, and servers stop, whenever a test likes."""


class _Visit(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.server.log.connections += 1
        with self.server.context.wrap_socket(self.request, server_side=True) as line:
            request = _read(line)
            self.server.log.requests.append(request)
            site = self.server.site(request.host)
            if site.closes:
                return
            if site.silent:
                line.recv(1)  # until the visitor leaves
                return
            _send(line, _answer(site, request.path), site.pause)


def _context_of(authority: trustme.CA, find: Callable[[str], Site]) -> ssl.SSLContext:
    """Shows every visitor the certificate of the site that is asked for."""

    @cache
    def context_for(host: str, fault: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _certificate(authority, host, fault).configure_cert(context)
        return context

    def choose(line: ssl.SSLObject, host: str | None, _: ssl.SSLContext) -> None:
        host = host or "localhost"
        line.context = context_for(host, find(host).wrong_certificate)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = choose
    return context


def _certificate(authority: trustme.CA, host: str, fault: str) -> trustme.LeafCert:
    if fault == "name":
        return authority.issue_cert("somebody-else.example")
    if fault == "issuer":
        return trustme.CA().issue_cert(host)
    if fault == "date":
        return authority.issue_cert(host, not_before=LONG_AGO, not_after=LONG_AGO.replace(month=2))
    return authority.issue_cert(host)


def _read(line: ssl.SSLSocket) -> Request:
    with line.makefile("r", encoding="latin-1", newline="\r\n") as lines:
        path = lines.readline().split(" ")[1]
        headers: dict[str, str] = {}
        while header := lines.readline().rstrip("\r\n"):
            name, _, value = header.partition(": ")
            headers[name] = value
    return Request(headers["Host"].partition(":")[0], path, headers)


def _answer(site: Site, path: str) -> bytes:
    if site.raw:
        return site.raw.encode("latin-1")
    content = site.files.get(path.removeprefix("/"))
    body = (site.body if site.status or content is None else content).encode()
    status = site.status or (404 if content is None else 200)
    headers = {"Content-Length": str(len(body)), "Content-Type": "text/html"} | dict(site.headers)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Told\r\n{head}\r\n".encode("latin-1") + body


def _send(line: ssl.SSLSocket, answer: bytes, pause: float) -> None:
    if not pause:
        line.sendall(answer)
        return
    for byte in answer:
        time.sleep(pause)
        line.sendall(bytes([byte]))


def _sites_of(file: Path) -> Sites:
    if not file.exists():
        return {}
    return {host: Site(**row) for host, row in json.loads(file.read_text()).items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--zone", type=Path, required=True)
    parser.add_argument("--ca", type=Path, required=True)
    options = parser.parse_args()
    with WebServer(options.port, partial(_sites_of, options.zone)) as server:
        server.authority.cert_pem.write_to_path(options.ca)
        print(f"Websites on 127.0.0.1:{server.port}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
