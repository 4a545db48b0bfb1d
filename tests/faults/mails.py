"""Mails that a worker has written into the folder of its installation."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from urllib.parse import urlsplit

from tests.servers.console import Console, until

_BETWEEN = b"-" * 79 + b"\n"


def mails_to(address: str, console: Console) -> list[EmailMessage]:
    files = sorted((console.run_dir / "mail").glob("*"))
    mails = [
        message_from_bytes(mail, policy=default)  # type: ignore[arg-type]
        for file in files
        for mail in file.read_bytes().split(_BETWEEN)
        if mail.strip()
    ]
    return [mail for mail in mails if mail["To"] == address]


def link_mailed_to(address: str, console: Console) -> str:
    """The path in the newest mail to this address, once it has been sent."""
    until(lambda: mails_to(address, console))
    body = mails_to(address, console)[-1].get_body(("plain",))
    found = re.search(r"http://\S+", body.get_content() if body else "")
    assert found, "the mail has no link"
    return urlsplit(found.group()).path
