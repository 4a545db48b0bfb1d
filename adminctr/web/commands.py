"""What the commands of operators share."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError

from adminctr.core.errors import NotAllowed, RuleViolation


@contextmanager
def refusals_told() -> Iterator[None]:
    """A refusal is an answer to whoever typed the command, without a trace of the code."""
    try:
        yield
    except (RuleViolation, NotAllowed) as refused:
        raise CommandError(str(refused)) from refused
