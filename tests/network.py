"""Closes the network but for this machine: a test that reaches out fails."""

import ipaddress
import sys
from typing import Any


def close() -> None:
    """For the rest of this process; audit hooks cannot be taken back."""
    sys.addaudithook(_refuse_strangers)


def _refuse_strangers(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in {"socket.connect", "socket.sendto"}:
        return
    address = arguments[1]
    if not isinstance(address, tuple) or _is_loopback(str(address[0])):
        return
    raise ConnectionRefusedError(f"Tests may not reach {address!r}")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
