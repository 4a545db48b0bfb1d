"""A mail server on loopback that keeps what it accepts, and fails in the ways that real ones do.

Stand-alone: `python -m tests.servers.smtp --port N --folder DIR` writes each mail into a file of
the folder, named by a number that counts up.
"""

import argparse
import asyncio
import threading
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from enum import StrEnum
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.servers.ports import free_port


class Mode(StrEnum):
    OK = "ok"
    REFUSE_RECIPIENT = "refuse recipient"
    SLOW = "slow"
    DROP_BEFORE_ANSWER = "drop before answer"
    DROP_AFTER_ANSWER = "drop after answer"


class MailServer:
    """Keeps mails in `mails`; listens while the context is open, unless it is `down`.

    `receiving` is set while a slow server has a mail and has not answered yet; `tries` counts
    the recipients that were named to it.
    """

    def __init__(self, mode: Mode = Mode.OK, *, port: int = 0, down: bool = False) -> None:
        self.mode = mode
        self.port = port or free_port()
        self.delay = 30.0
        self.mails: list[EmailMessage] = []
        self.tries = 0
        self.receiving = threading.Event()
        self._down = down
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

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
        if not self._down:
            self._controller.stop()

    def listen(self) -> None:
        self._down = False
        self._controller.start()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        self.tries += 1
        if self.mode is Mode.REFUSE_RECIPIENT:
            return "550 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """A client that hangs up while it waits cancels this, so its mail is not kept."""
        if self.mode is Mode.SLOW:
            self.receiving.set()
            await asyncio.sleep(self.delay)
        content = envelope.original_content or b""
        mail = message_from_bytes(content, policy=default)  # type: ignore[arg-type]
        self.keep(mail)
        if self.mode is Mode.DROP_BEFORE_ANSWER:
            server.transport.abort()
        if self.mode is Mode.DROP_AFTER_ANSWER:
            await server.push("250 OK")
            server.transport.close()
        return "250 OK"

    def keep(self, mail: EmailMessage) -> None:
        self.mails.append(mail)


class _FolderServer(MailServer):
    def __init__(self, folder: Path, *, port: int) -> None:
        super().__init__(port=port)
        self._folder = folder
        self._numbers = count(1)

    def keep(self, mail: EmailMessage) -> None:
        """Written under another name first, so that nobody reads half a mail."""
        file = self._folder / f"{next(self._numbers):06}.eml"
        partial = file.with_suffix(".partial")
        partial.write_bytes(mail.as_bytes())
        partial.rename(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with _FolderServer(options.folder, port=options.port):
        print(f"Mail server on 127.0.0.1:{options.port}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
