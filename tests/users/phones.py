"""Phones of people, and the messages that reached them in this installation's folder."""

import re
from collections.abc import Callable

from django.conf import settings

from tests.conftest import acting
from users.models import Factor, User
from users.operations import enrol_phone, send_code

MINE = "+15005550001"
OTHER = "+447911123456"


def messages_to(number: str) -> list[str]:
    """The newest last."""
    files = sorted(settings.TEXT_MESSAGES["folder"].glob("*.txt"))
    texts = [file.read_text() for file in files]
    return [text for text in texts if text.startswith(f"To: {number}\n")]


def code_in(text: str) -> str:
    found = re.search(r"^(\d{6}) is your", text, re.MULTILINE)
    assert found, "the message has no code"
    return found.group(1)


def code_for(number: str, work: Callable[[], int]) -> str:
    """The code of the newest message, once what is queued has left."""
    work()
    return code_in(messages_to(number)[-1])


def wrong(code: str) -> str:
    """Another code, and none that is easily guessed."""
    return f"{(int(code) + 1) % 10**6:06}"


def with_phone(user: User, work: Callable[[], int], number: str = MINE) -> Factor:
    """Whose second factor this number is from now on."""
    send_code(user, number=number, actor=acting(user))
    code = code_for(number, work)
    return enrol_phone(user, code=code, has_proven=True, actor=acting(user))
