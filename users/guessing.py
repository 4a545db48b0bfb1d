"""Limits on guessing passwords that lock no victim out.

Failures are counted per address and IP, per IP, and per address over all browsers in which that
person has never signed in; a browser that they have used before is not in the last count.
"""

from adminctr.core.limits import Limit

PER_ADDRESS_AND_IP = Limit("log_in_address_ip", times=10, seconds=300)
PER_IP = Limit("log_in_ip", times=100, seconds=300)
UNKNOWN_BROWSERS = Limit("log_in_unknown_browsers", times=100, seconds=3600)


def refusal(address: str, ip: str, *, is_known_browser: bool) -> str | None:
    """Why no password is looked at now, in words; None means go on."""
    if PER_ADDRESS_AND_IP.is_spent(address, ip) or PER_IP.is_spent(ip):
        return "Too many failed tries. Wait 5 minutes and try again."
    if not is_known_browser and UNKNOWN_BROWSERS.is_spent(address):
        return (
            "Too many failed tries for this address from browsers that were never used for it. "
            "Use a browser in which you have logged in before, or wait an hour."
        )
    return None


def forget(address: str, network: str) -> None:
    """Begin anew for somebody who has just proven by mail that the address is theirs."""
    PER_ADDRESS_AND_IP.forget(address, network)
    UNKNOWN_BROWSERS.forget(address)


def note_failure(address: str, ip: str, *, is_known_browser: bool) -> None:
    PER_ADDRESS_AND_IP.note(address, ip)
    PER_IP.note(ip)
    if not is_known_browser:
        UNKNOWN_BROWSERS.note(address)
