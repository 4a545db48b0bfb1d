"""Requests as our pages know them."""

from django.http import HttpRequest

from adminctr.core.actor import Actor, Origin
from organizations.models import Organization
from users.models import User


class ConsoleRequest(HttpRequest):
    """A request of a signed-in person; `organization` is None for somebody who has none."""

    user: User
    actor: Actor
    organization: Organization | None
    origin: Origin
