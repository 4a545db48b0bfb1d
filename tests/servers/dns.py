"""An authoritative name server on loopback that answers what a test tells it to.

Stand-alone: `python -m tests.servers.dns --port N --zone FILE.json`. The file is read anew for
every query and maps names to answers: `{"_label.corp.example": {"texts": ["value"]}}`, with the
fields of `Answer`. A name that is not in it does not exist.
"""

import argparse
import json
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dnslib import AAAA, CNAME, QTYPE, RCODE, RR, TXT, A, DNSRecord

LONGEST_STRING = 255
LONGEST_WITHOUT_EDNS = 512
MOST_ALIASES = 4
TTL = 60
_MANY = ("texts", "addresses")


@dataclass(frozen=True, slots=True)
class Answer:
    """What stands at one name, or how the server misbehaves when asked for it.

    A text is one TXT record: bytes or a string, cut into strings of 255 bytes, or a list that is
    already cut. No texts, addresses and alias mean that the name exists without such a record.
    """

    texts: tuple[str | bytes | list[str], ...] = ()
    addresses: tuple[str, ...] = ()
    alias: str = ""
    code: str = "NOERROR"
    delay: float = 0
    silent: bool = False
    truncated: bool = False
    malformed: bool = False


Zone = Mapping[str, Answer]


class NameServer:
    """UDP and TCP on one free port, while the context is open; names are set by item."""

    def __init__(self, port: int = 0, zone: Callable[[], Zone] | None = None) -> None:
        self._names: dict[str, Answer] = {}
        self.queries: list[tuple[str, str]] = []
        self._servers = _bind(port, self, zone or (lambda: self._names))
        self.port: int = self._servers[0].server_address[1]

    def __setitem__(self, name: str, answer: Answer) -> None:
        self._names[name.lower()] = answer

    def __delitem__(self, name: str) -> None:
        del self._names[name.lower()]

    def __enter__(self) -> Self:
        for server in self._servers:
            serve = partial(server.serve_forever, poll_interval=0.02)
            threading.Thread(target=serve, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def publish(self, name: str, *texts: str | bytes | list[str]) -> None:
        """Let these TXT records stand at a name."""
        self[name] = Answer(texts=texts)


class _Quiet:
    """Clients of these servers hang up, and servers stop, whenever a test likes."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    log: NameServer
    zone: Callable[[], Zone]

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class _UdpServer(_Quiet, socketserver.ThreadingUDPServer):
    allow_reuse_address = False


class _TcpServer(_Quiet, socketserver.ThreadingTCPServer):
    request_queue_size = 64


class _OverUdp(socketserver.BaseRequestHandler):
    server: _UdpServer

    def handle(self) -> None:
        query, connection = self.request
        if reply := _reply(self.server, query, over_tcp=False):
            connection.sendto(reply, self.client_address)


class _OverTcp(socketserver.StreamRequestHandler):
    server: _TcpServer

    def handle(self) -> None:
        (length,) = struct.unpack("!H", self.rfile.read(2))
        if reply := _reply(self.server, self.rfile.read(length), over_tcp=True):
            self.wfile.write(struct.pack("!H", len(reply)) + reply)


def _bind(
    port: int, log: NameServer, zone: Callable[[], Zone]
) -> tuple[socketserver.BaseServer, ...]:
    """Both servers on one port; a port that only one of them gets is given back."""
    while True:
        udp = _UdpServer(("127.0.0.1", port), _OverUdp)
        try:
            tcp = _TcpServer(("127.0.0.1", udp.server_address[1]), _OverTcp)
        except OSError:
            udp.server_close()
            if port:
                raise
            continue
        for server in (udp, tcp):
            server.log, server.zone = log, zone
        return udp, tcp


def _reply(server: _Quiet, packet: bytes, *, over_tcp: bool) -> bytes:
    query = DNSRecord.parse(packet)
    name = str(query.q.qname).rstrip(".").lower()
    server.log.queries.append((name, "tcp" if over_tcp else "udp"))
    zone = server.zone()
    answer = _find(zone, name)
    if answer is None:
        return _refusal(query, "NXDOMAIN")
    if answer.delay:
        time.sleep(answer.delay)
    if answer.silent:
        return b""
    if answer.truncated and not over_tcp:
        return _emptied(query)
    if answer.malformed:
        return packet[:2] + b"\x84\x00\x00\x01\x00\x09\x00\x00\x00\x00" + b"\xff" * 20
    if answer.code != "NOERROR":
        return _refusal(query, answer.code)
    reply = query.reply(ra=1, aa=1)
    _add_records(reply, zone, name, answer)
    full: bytes = reply.pack()
    if not over_tcp and len(full) > _room(query):
        return _emptied(query)
    return full


def _find(zone: Zone, name: str) -> Answer | None:
    parent = name.partition(".")[2]
    return zone.get(name) or zone.get(f"*.{parent}")


def _add_records(reply: DNSRecord, zone: Zone, name: str, answer: Answer) -> None:
    """The alias and what it leads to, as a resolver that follows aliases gives them."""
    for _ in range(MOST_ALIASES):
        if not answer.alias:
            break
        reply.add_answer(RR(name, QTYPE.CNAME, rdata=CNAME(answer.alias), ttl=TTL))
        name, answer = answer.alias, _find(zone, answer.alias) or Answer(code="NXDOMAIN")
    reply.header.rcode = getattr(RCODE, answer.code)
    for kind, rdata in _records(answer):
        if kind == reply.q.qtype:
            reply.add_answer(RR(name, kind, rdata=rdata, ttl=TTL))


def _records(answer: Answer) -> Iterator[tuple[int, Any]]:
    """Every record of an answer, after its type."""
    for text in answer.texts:
        yield QTYPE.TXT, TXT(_strings(text))
    for spelled in answer.addresses:
        address = ip_address(spelled)
        kind, form = (QTYPE.A, A) if address.version == 4 else (QTYPE.AAAA, AAAA)
        yield kind, form(tuple(address.packed))


def _strings(text: str | bytes | list[str]) -> list[bytes]:
    if isinstance(text, list):
        return [part.encode() for part in text]
    whole = text.encode() if isinstance(text, str) else text
    return [
        whole[start : start + LONGEST_STRING] for start in range(0, len(whole), LONGEST_STRING)
    ] or [b""]


def _room(query: DNSRecord) -> int:
    """How much the asker takes over UDP; EDNS puts that where other records have their class."""
    sizes = [record.rclass for record in query.ar if record.rtype == QTYPE.OPT]
    return max([LONGEST_WITHOUT_EDNS, *sizes])


def _emptied(query: DNSRecord) -> bytes:
    """An answer cut to its question, which tells the asker to come back over TCP."""
    reply = query.reply(ra=1, aa=1)
    reply.header.tc = 1
    packed: bytes = reply.pack()
    return packed


def _refusal(query: DNSRecord, code: str) -> bytes:
    reply = query.reply(ra=1, aa=1)
    reply.header.rcode = getattr(RCODE, code)
    packed: bytes = reply.pack()
    return packed


def _zone_of(file: Path) -> Zone:
    if not file.exists():
        return {}
    rows = json.loads(file.read_text())
    return {
        name.lower(): Answer(**(row | {key: tuple(row.get(key, ())) for key in _MANY}))
        for name, row in rows.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--zone", type=Path, required=True)
    options = parser.parse_args()
    with NameServer(options.port, partial(_zone_of, options.zone)):
        print(f"Name server on 127.0.0.1:{options.port}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
