"""A resolver that answers every question with one TXT record, after a pause.

`python -m bench.name_server --port N --pause SECONDS --text TEXT`.
"""

import argparse
import asyncio
import struct
from typing import Any

_HEADER_LENGTH = 12
_AFTER_THE_NAME = 4  # the type and the class of the question
_FLAGS = 0x8180  # an answer, recursion desired and available
_NAME_OF_THE_QUESTION, _TXT, _IN, _TTL = 0xC00C, 16, 1, 3600


class _Resolver(asyncio.DatagramProtocol):
    def __init__(self, pause: float, text: bytes) -> None:
        self._pause = pause
        self._text = text

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, packet: bytes, address: Any) -> None:
        answer = _answer_to(packet, self._text)
        asyncio.get_running_loop().call_later(self._pause, self._transport.sendto, answer, address)


def _answer_to(packet: bytes, text: bytes) -> bytes:
    """The question sent back with its one record (RFC 1035, section 4.1)."""
    end = packet.index(0, _HEADER_LENGTH) + 1 + _AFTER_THE_NAME
    header = packet[:2] + struct.pack("!HHHHH", _FLAGS, 1, 1, 0, 0)
    data = bytes([len(text)]) + text
    fixed = struct.pack("!HHHIH", _NAME_OF_THE_QUESTION, _TXT, _IN, _TTL, len(data))
    return header + packet[_HEADER_LENGTH:end] + fixed + data


async def _serve(port: int, pause: float, text: bytes) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(
        lambda: _Resolver(pause, text), local_addr=("127.0.0.1", port)
    )
    print(f"Name server on 127.0.0.1:{port}", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pause", type=float, required=True)
    parser.add_argument("--text", required=True)
    asked = parser.parse_args()
    asyncio.run(_serve(asked.port, asked.pause, asked.text.encode()))


if __name__ == "__main__":
    main()
