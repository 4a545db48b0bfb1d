"""What commands about somebody's login share."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError

from adminctr.core.addresses import canonical_address
from adminctr.core.errors import NotAllowed, RuleViolation
from users.models import User


@contextmanager
def refusals_told() -> Iterator[None]:
    """A refusal is an answer to whoever typed the command, without a trace of the code."""
    try:
        yield
    except (RuleViolation, NotAllowed) as refused:
        raise CommandError(str(refused)) from refused


def login_of(address: str) -> User:
    """The user of an address; raises RuleViolation: one of the canonicaliser's, login_unknown."""
    user = User.objects.filter(email=canonical_address(address)).first()
    if user is None:
        raise RuleViolation("login_unknown", "Nobody has a login with this address.")
    return user
